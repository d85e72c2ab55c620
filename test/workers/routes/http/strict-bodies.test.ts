// Every route that takes JSON reads it so that everybody reads the same: what a gateway, a log or a script in front could have
// read otherwise is refused, by a sentence that says what. The routes are those of the service's own description.
import { beforeAll, describe, expect, test } from "vitest";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operated, sendUndeclared } from "../../../support/service.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { newFirewall, newProduct } from "../../support/fixtures.ts";
import { listOperations } from "../cross-account/operations.ts";

const routes = (await listOperations()).filter(({ body }) => body !== null);

const bodies: [string, RegExp, string | Uint8Array][] = [
	["a name that comes twice", /names ["']seats["'] twice/, '{"seats":1,"labels":{},"seats":9}'],
	["a name that comes twice, once escaped", /names ["']seats["'] twice/, '{"seats":1,"\\u0073eats":9}'],
	["a name twice further in", /names ["']a["'] twice/, '{"labels":[{"a":"1","a":"2"}]}'],
	["the name __proto__", /a member ["']__proto__["']/, '{"product_validity":{"__proto__":{}}}'],
	["more levels than anything here has", /more than 32 levels/, `${'{"a":'.repeat(33)}1${"}".repeat(33)}`],
	["a byte-order mark", /byte-order mark/, "\ufeff{}"],
	["what is not UTF-8", /not UTF-8/, new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
];

let tokens: Record<string, string>;
let ids: Record<string, string>;
let account: string;
let product: string;
beforeAll(async () => {
	product = await newProduct();
	const fleet = await createFleet({ products: [product] });
	account = fleet.account;
	// Of the right form, which is looked at before the body.
	const named = {
		license: fleet.license,
		group: "hag-0000000000-00000000",
		webhook: "whk-00000000",
		message: "msg-00000000",
		sha256: "0".repeat(64),
		part: "0".repeat(64),
	};
	ids = { account, product, ...named };
	tokens = {
		apiKey: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`,
		accessToken: `Bearer ${(await newFirewall(fleet.code, false)).accessToken}`,
		authCode: "DPoP x",
	};
});

test("most routes that change something are among them", () => {
	expect(routes.length).toBeGreaterThan(20);
	expect(routes.map(({ name }) => name)).toContain("POST /oauth2/register");
});

describe.each(routes)("$name refuses", ({ method, path, schemes }) => {
	test.each(bodies)("%s", async (_, detail, body) => {
		const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "1.0.0");
		const query = path.startsWith("/v1/hooks/") ? `?account=${account}` : "";
		const length = new Blob([body]).size;
		const answer = await sendUndeclared(filled + query, {
			method,
			headers: {
				authorization: schemes.map((scheme) => tokens[scheme]).find((one) => one !== undefined) ?? "",
				"content-type": "application/json",
				"content-length": String(length),
			},
			body,
		});
		if (path.startsWith("/oauth2/")) {
			const { error_description } = await expectOAuthError(answer, 400, "invalid_client_metadata");
			expect(error_description).toMatch(detail);
			expect(error_description).toMatch(/^[ !#-[\]-~]*$/);
		} else {
			expect((await expectProblem(answer, "invalid_request"))["detail"]).toMatch(detail);
		}
	});
});

test("a label and a product with the names of what every object inherits are kept as they are", async () => {
	const { product: odd } = await operated<{ product: string }>("POST", "/v1/products", {
		product: "constructor",
		plan: "immediate",
	});
	const terms = { products: [odd, product], seats: 1, ends_at: "2040-01-01T00:00:00Z" };
	const plain = await operated("POST", `/v1/accounts/${account}/licenses`, terms);
	expect(plain).toMatchObject({ products: [odd, product], product_validity: {} });
	const own = { [odd]: { ends_at: "2039-01-01T00:00:00Z" } };
	const license = await operated("POST", `/v1/accounts/${account}/licenses`, { ...terms, product_validity: own });
	expect(license["product_validity"]).toEqual(own);
	const fleet = await createFleet({ products: [odd] });
	const firewall = await (await Firewall.create()).activate(fleet.code, { labels: { constructor: "x" } });
	await firewall.authenticate(false);
	const { devices } = await operated<{ devices: unknown[] }>("GET", `/v1/accounts/${fleet.account}/devices`);
	expect(devices).toMatchObject([{ labels: { constructor: "x" } }]);
	const answer = await firewall.call("GET", `/v1/check?installed=${odd},valueof`);
	expect((await answer.json()) as object).toMatchObject({
		products: [{ product: odd }, { product: "valueof", code: "not_included" }],
	});
});
