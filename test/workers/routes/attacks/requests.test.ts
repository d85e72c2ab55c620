// Requests that are wrong whoever sends them: identifiers, bodies, paths and methods. Each is refused before any object is
// asked, and so created.
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { ProblemCode } from "../../../../src/problem-catalogue.ts";
import type { Firewall } from "../../../support/firewall.ts";
import { createFleet, type Fleet } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { ISSUER, operate, operated, send, sendUndeclared } from "../../../support/service.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { DEPLOYED, devicesOf, newFirewall, newProduct, serviceWith, unknownLength } from "../../support/fixtures.ts";

let fleet: Fleet;
let other: Fleet;
let firewall: Firewall;
let device: string;
beforeAll(async () => {
	const product = await newProduct();
	[fleet, other] = await Promise.all([createFleet({ products: [product] }), createFleet({ products: [product] })]);
	firewall = await newFirewall(fleet.code, false);
	device = firewall.clientId;
});

const json = (text: string, headers: Record<string, string> = {}) => ({
	method: "POST",
	headers: { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`, "content-type": "application/json", ...headers },
	body: text,
});
const objects = async () =>
	(await listDurableObjectIds(env.ACCOUNT)).length + (await listDurableObjectIds(env.PRODUCT)).length;

describe("an identifier is refused, and no object comes to be,", () => {
	const ids: [string, () => string][] = [
		["with a colon", () => "a:b"],
		["that is a star", () => "*"],
		["with a null byte", () => "%00"],
		["with an escaped slash", () => "acct-0%2F..%2Fx"],
		["with an escaped dot-dot", () => "%2e%2e%2fx"],
		["of 513 characters", () => "a".repeat(513)],
		["of an emoji", () => "%F0%9F%94%A5"],
		["with a composed letter", () => "%C3%A9"],
		["with a decomposed letter", () => "e%CC%81"],
		["with a broken escape", () => "%E0%A4%A"],
		["of the right form that was never given out", () => "acct-0000000000000000"],
		["with one character changed", () => fleet.account.slice(0, -1) + (fleet.account.endsWith("0") ? "1" : "0")],
		["in capitals", () => fleet.account.toUpperCase()],
		["of another kind", () => device],
		["with a space", () => `${fleet.account}%20`],
		["with a line feed", () => `${fleet.account}%0a`],
	];
	test.each(ids)("%s", async (_, id) => {
		const before = await objects();
		for (const resource of ["licenses", "codes", "devices"]) {
			await expectProblem(await operate("GET", `/v1/accounts/${id()}/${resource}`), "invalid_identifier");
		}
		const asDevice = id() === device ? fleet.account : id();
		await expectProblem(await operate("POST", `/v1/devices/${asDevice}/revoke`, {}), "invalid_identifier");
		await expectProblem(await operate("DELETE", `/v1/keys/${id()}`), "invalid_identifier");
		await expectProblem(await operate("DELETE", `/v1/messages/${id()}`), "invalid_identifier");
		expect(await objects()).toBe(before);
		expect((await devicesOf(fleet.account)).map(({ status }) => status)).toEqual(["active"]);
	});
});

test("what belongs to one account cannot be used through another", async () => {
	const body = { license: fleet.license };
	await expectProblem(await operate("POST", `/v1/accounts/${other.account}/codes`, body), "not_found");
	expect(await devicesOf(other.account)).toEqual([]);
});

describe("a body is refused", () => {
	const path = () => `/v1/accounts/${fleet.account}/licenses`;
	const terms = { products: ["crs"], seats: 1, ends_at: "2040-01-01T00:00:00Z" };
	const bodies: [string, ProblemCode, () => RequestInit][] = [
		["that is not JSON", "invalid_request", () => json("{")],
		["that is empty", "invalid_request", () => json("")],
		["that is null", "invalid_request", () => json("null")],
		["that is a list", "invalid_request", () => json("[]")],
		["that is not UTF-8", "invalid_request", () => ({ ...json(""), body: new Uint8Array([0x7b, 0xff, 0x7d]) })],
		["nested thousands deep", "invalid_request", () => json(`${"[".repeat(30_000)}${"]".repeat(30_000)}`)],
		["with a tenant", "invalid_request", () => json(JSON.stringify({ ...terms, tenant_id: "x" }))],
		["with a role", "invalid_request", () => json(JSON.stringify({ ...terms, role: "operator" }))],
		["with __proto__", "invalid_request", () => json(JSON.stringify(terms).replace("{", '{"__proto__":{"seats":9},'))],
		["with a constructor", "invalid_request", () => json(JSON.stringify({ ...terms, constructor: {} }))],
		["with no seat", "invalid_request", () => json(JSON.stringify({ ...terms, seats: 0 }))],
		["with half a seat", "invalid_request", () => json(JSON.stringify({ ...terms, seats: 1.5 }))],
		["with seats as text", "invalid_request", () => json(JSON.stringify({ ...terms, seats: "1" }))],
		[
			"with seats without end",
			"invalid_request",
			() => json(JSON.stringify(terms).replace('"seats":1', '"seats":1e999')),
		],
		["with a product that is none", "invalid_request", () => json(JSON.stringify({ ...terms, products: ["../x"] }))],
		["with no product", "invalid_request", () => json(JSON.stringify({ ...terms, products: [] }))],
		[
			"that ends before it starts",
			"invalid_request",
			() => json(JSON.stringify({ ...terms, starts_at: "2041-01-01T00:00:00Z" })),
		],
		[
			"with a day that is none",
			"invalid_request",
			() => json(JSON.stringify({ ...terms, ends_at: "2040-02-31T00:00:00Z" })),
		],
		["with a grace of minus a day", "invalid_request", () => json(JSON.stringify({ ...terms, grace_days: -1 }))],
		[
			"that is a form",
			"unsupported_media_type",
			() => json("seats=1", { "content-type": "application/x-www-form-urlencoded" }),
		],
		["that has no type", "unsupported_media_type", () => json(JSON.stringify(terms), { "content-type": "" })],
		["of 64 KB and one byte", "content_too_large", () => json(JSON.stringify({ ...terms, x: "x".repeat(65_536) }))],
		["of unknown length", "length_required", () => ({ ...json(""), body: unknownLength(JSON.stringify(terms)) })],
	];
	test.each(bodies)("%s", async (_, code, init) => {
		await expectProblem(await send(path(), init()), code);
		const { licenses } = await operated<{ licenses: unknown[] }>("GET", path());
		expect(licenses).toHaveLength(1);
		expect({}).not.toHaveProperty("seats");
	});

	test("that names its faults, by field", async () => {
		const problem = await expectProblem(
			await operate("POST", path(), { ...terms, seats: 0, products: [] }),
			"invalid_request",
		);
		expect((problem["errors"] as { field: string }[]).map(({ field }) => field).sort()).toEqual(["products", "seats"]);
	});

	test("with 32 faults, and names twenty", async () => {
		const { product } = await operated<{ product: string }>("POST", "/v1/products", {
			product: "faulty",
			plan: "immediate",
		});
		const models = Array.from({ length: 32 }, () => "../x");
		const answer = await operate("PUT", `/v1/products/${product}/releases/1.0.0`, { models });
		expect((await expectProblem(answer, "invalid_request"))["errors"]).toHaveLength(20);
	});
});

describe("a query is refused", () => {
	test.each([
		["installed="],
		["installed=,"],
		["installed=crs,crs"],
		["installed=CRS"],
		["installed=crs@"],
		["installed=crs@1@2"],
		["installed=crs@../x"],
		["installed=%00"],
		[`installed=${"x".repeat(33)}`],
		[`installed=${Array.from({ length: 33 }, (_, index) => `p${index}`).join()}`],
		["installed=crs&installed=crs"],
		["engine=%3Cscript%3E"],
		["seen=-1"],
		["seen=1.5"],
		["seen=x"],
		["seen=1e999"],
	])("%s", async (query) => {
		await expectProblem(await firewall.call("GET", `/v1/check?${query}`), "invalid_request");
	});
});

test("at / it says what answers, as a page and as JSON, and nothing is kept", async () => {
	const json = await send("/", { headers: { accept: "application/json" } });
	expect(json.status).toBe(200);
	expect(json.headers.get("content-type")).toContain("application/json");
	const page = await send("/", { headers: { accept: "text/html" } });
	expect(page.status).toBe(200);
	expect(page.headers.get("content-type")).toContain("text/html");
});

test.each([
	"/v1",
	"/v2/check",
	"/v1/check/",
	"/v1/check/x.css",
	"/v1/entitlements/x/y.css",
	"/v1/entitlements;a.js",
	"/v1/entitlements%0a.png",
	"/v1//check",
	"/V1/CHECK",
	"/debug",
	"/.git/config",
	"/.env",
	"/admin",
	"/cdn-cgi/../v1/keys/x/y",
	"/.well-known/openid-configuration",
	"/.well-known/jwks.json",
])("there is nothing at %s, and nothing to cache", async (path) => {
	await expectProblem(await send(path), "not_found");
});

test("an authenticated answer is not kept for the next caller", async () => {
	for (const path of ["/v1/check", "/v1/entitlements", "/v1/messages"]) {
		const answer = await firewall.call("GET", path);
		expect(answer.status).toBe(200);
		expect(answer.headers.get("cache-control")).toMatch(/^private, no-/);
		await expectProblem(await send(path), "unauthenticated");
	}
});

test("methods by other names are not heard", async () => {
	const headers = {
		authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`,
		"x-http-method-override": "DELETE",
		"x-method-override": "DELETE",
	};
	expect((await sendUndeclared("/v1/accounts?_method=DELETE", { headers })).status).toBe(200);
	expect((await devicesOf(fleet.account)).map(({ status }) => status)).toEqual(["active"]);
});

test("the description of the service holds no secret", async () => {
	const document = await (await send("/openapi.json")).text();
	for (const secret of Object.values(TEST_SECRETS)) expect(document).not.toContain(secret);
});

describe("a service that is not fit to run answers nothing but that", () => {
	test.each([
		["in production with secrets made for local use", { ENVIRONMENT: "production" }],
		["in production over plain http", { ENVIRONMENT: "production", ISSUER: "http://updates.test" }],
		["with a bootstrap key that can be guessed", { BOOTSTRAP_KEY: "admin" }],
		["without keys for its tokens", { MAC_KEYS: "" }],
		["with a short secret", { MAC_KEYS: "k1:AAAA" }],
		["with an issuer that has a path", { ISSUER: "https://updates.test/x" }],
		["in an environment that is none", { ENVIRONMENT: "staging" }],
	])("%s", async (_, variables: Record<string, string>) => {
		const service = serviceWith(variables);
		for (const path of ["/v1/check", "/v1/accounts", "/.well-known/oauth-authorization-server"]) {
			const answer = await service(path, { headers: { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}` } });
			const text = await answer.clone().text();
			await expectProblem(answer, "misconfigured");
			for (const name of Object.keys(variables)) expect(text).not.toContain(name);
		}
	});
});

test("the issuer does not follow the Host of the request", async () => {
	const answer = await send("https://evil.test/.well-known/oauth-authorization-server");
	expect(((await answer.json()) as { issuer: string }).issuer).toBe(ISSUER);
});

describe("a body with a content coding is refused, and the answer names the coding that is taken,", () => {
	const coded = { "content-encoding": "gzip" };

	test("of JSON", async () => {
		const answer = await send("/v1/accounts", json('{"name":"Example"}', { ...coded, "content-length": "18" }));
		expect(answer.headers.get("accept-encoding")).toBe("identity");
		await expectProblem(answer, "unsupported_media_type");
	});

	test("of OAuth's endpoints", async () => {
		for (const [path, type] of [
			["/oauth2/token", "application/x-www-form-urlencoded"],
			["/oauth2/register", "application/json"],
		] as const) {
			const headers = { ...coded, "content-type": type, "content-length": "2" };
			const answer = await send(path, { method: "POST", headers, body: "{}" });
			expect(answer.headers.get("accept-encoding")).toBe("identity");
			await expectOAuthError(answer, 415, "invalid_request");
		}
	});

	test("but not with the coding identity, which is none", async () => {
		const headers = { "content-encoding": "identity", "content-length": "18" };
		expect((await send("/v1/accounts", json('{"name":"Example"}', headers))).status).not.toBe(415);
	});
});

describe("a plus in a query is a plus, as it stands and as %2B;", () => {
	test("a space is no version", async () => {
		for (const path of ["/v1/check?engine=7.0.0 p1", "/v1/check?engine=7.0.0%20p1", "/v1/messages?engine=7.0.0%20p1"]) {
			await expectProblem(await firewall.call("GET", path), "invalid_request");
		}
	});

	test.each(["+", "%2B"])("written %s", async (plus) => {
		const name = await newProduct();
		for (const path of [
			`/v1/check?installed=${name}@1.0.0${plus}build.5`,
			`/v1/check?engine=7.0.0${plus}p1`,
			`/v1/check?ha_peer=${name}@1.0.0${plus}build.5`,
			`/v1/messages?engine=7.0.0${plus}p1`,
			`/v1/devices/${device}/explain?product=${name}&installed=1.0.0${plus}build.5&engine=7.0.0${plus}p1`,
		]) {
			expect((await firewall.call("GET", path)).status, path).toBe(200);
		}
	});
});

describe("a list goes on after the `next` of its own pages only:", () => {
	const lists = [
		["/v1/accounts", () => "/v1/accounts"],
		["devices", () => `/v1/accounts/${fleet.account}/devices`],
		["codes", () => `/v1/accounts/${fleet.account}/codes`],
		["HA groups", () => `/v1/accounts/${fleet.account}/ha-groups`],
		["events", () => `/v1/accounts/${fleet.account}/events`],
	] as const;

	test.each(lists)("%s", async (_, path) => {
		const foreign = await newFirewall(other.code, false);
		const places = ["garbage", "x", "1", "0 OR 1", device.slice(0, -1), `${device.slice(0, -1)}!`, foreign.clientId];
		for (const place of places) {
			const answer = await operate("GET", `${path()}?after=${encodeURIComponent(place)}`);
			const problem = await expectProblem(answer, "invalid_request");
			expect(JSON.stringify(problem)).toContain("after");
		}
	});

	test("records", async () => {
		const foreign = await newFirewall(other.code, false);
		for (const after of ["garbage", "1", foreign.clientId]) {
			for (const action of ["verify", "rebuild"]) {
				const answer = await operate("POST", `/v1/records/${action}`, { owner: { account: fleet.account }, after });
				await expectProblem(answer, "invalid_request");
			}
		}
		const own = await operate("POST", "/v1/records/verify", { owner: { account: fleet.account }, after: device });
		expect(own.status).toBe(200);
	});
});

describe("plain http", () => {
	const inTheClear = serviceWith(DEPLOYED, ISSUER.replace("https:", "http:"));

	test.each(["/v1/check", "/v1/permits", "/v1/accounts", "/.well-known/parapet", "/d/x/y", "/nowhere"])(
		"is refused by a service that is deployed, and nothing is redirected: %s",
		async (path) => {
			const answer = await inTheClear(path, { headers: { authorization: `Bearer ${DEPLOYED.BOOTSTRAP_KEY}` } });
			expect(answer.headers.get("location")).toBeNull();
			await expectProblem(answer, "https_required");
		},
	);

	test("is refused in OAuth's words below /oauth2/", async () => {
		const answer = await inTheClear("/oauth2/token", { method: "POST", body: "" });
		expect((await expectOAuthError(answer, 403, "invalid_request")).error_description).toContain("plain http");
	});

	test("is what the local service speaks", async () => {
		const local = serviceWith({ ISSUER: "http://updates.test" }, "http://updates.test");
		const answer = await local("/.well-known/oauth-authorization-server");
		expect([answer.status, answer.headers.get("strict-transport-security")]).toEqual([200, null]);
	});

	test("is kept from browsers by HSTS (RFC 6797)", async () => {
		const answer = await serviceWith(DEPLOYED)("/.well-known/oauth-authorization-server");
		expect(answer.headers.get("strict-transport-security")).toBe("max-age=31536000");
	});
});
