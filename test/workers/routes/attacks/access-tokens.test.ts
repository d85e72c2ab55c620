// What attackers send to the device plane instead of a good access token and its proof: 401 each, whatever is wrong.
import { importJWK, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type Bent, Firewall, nowSeconds } from "../../../support/firewall.ts";
import { createFleet } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { ISSUER, send } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newFirewall, newProduct } from "../../support/fixtures.ts";

const URL_OF_CHECK = `${ISSUER}/v1/check`;
const signingJwk = JSON.parse(TEST_SECRETS.TOKEN_KEYS).keys[0] as Record<string, string>;

let bearer: Firewall;
let bound: Firewall;
let claims: Record<string, unknown>;
beforeAll(async () => {
	const { code } = await createFleet({ products: [await newProduct()] });
	bearer = await newFirewall(code, false);
	bound = await newFirewall(code);
	claims = JSON.parse(atob((bearer.accessToken.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
});

const part = (value: unknown) =>
	btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** A token that the service's own key really signed, unless another is given. */
async function signed(
	changes: Record<string, unknown> = {},
	header: Record<string, unknown> = {},
	key?: CryptoKey,
): Promise<string> {
	const present = Object.fromEntries(
		Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== undefined),
	);
	return new SignJWT(present)
		.setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: signingJwk["kid"] ?? "", ...header })
		.sign(key ?? ((await importJWK(signingJwk, "ES256")) as CryptoKey));
}

const checkWith = (token: string) => send("/v1/check", { headers: { authorization: `Bearer ${token}` } });

test("a token that the test signs as the service does is accepted", async () => {
	expect((await checkWith(await signed())).status).toBe(200);
});

const tokens: [string, () => string | Promise<string>][] = [
	...["none", "None", "nOnE"].map((alg): [string, () => string] => [
		`of algorithm ${alg}`,
		() => `${part({ alg, typ: "at+jwt", kid: signingJwk["kid"] })}.${part(claims)}.`,
	]),
	["signed by HMAC with the published key", async () => hmac()],
	["signed by the device itself", () => signed({}, {}, bearer.privateKey)],
	["that brings its own key", () => signed({}, { jwk: bearer.publicJwk, kid: undefined }, bearer.privateKey)],
	["with an unknown kid", () => signed({}, { kid: "../../x" })],
	["without a kid", () => signed({}, { kid: undefined })],
	["of type JWT", () => signed({}, { typ: "JWT" })],
	["without a type", () => signed({}, { typ: undefined })],
	["of another issuer", () => signed({ iss: "https://staging.updates.test" })],
	["for another audience", () => signed({ aud: "https://other.test" })],
	["with another scope", () => signed({ scope: "operate" })],
	["without a scope", () => signed({ scope: undefined })],
	["without exp", () => signed({ exp: undefined })],
	["that has expired", () => signed({ exp: nowSeconds() - 31 })],
	["issued an hour from now", () => signed({ iat: nowSeconds() + 3600, exp: nowSeconds() + 7200 })],
	["older than a day, whatever its exp", () => signed({ iat: nowSeconds() - 90_000 })],
	["not valid yet", () => signed({ nbf: nowSeconds() + 600 })],
	["whose client is not its subject", () => signed({ client_id: "dev-0000000000-0000000000000000" })],
	["without entitlements", () => signed({ ent: undefined })],
	["of a megabyte", () => `e30.${"A".repeat(30_000)}.AAAA`],
	["of four parts", async () => `${await signed()}.AAAA`],
	["that is an assertion", () => bearer.assertion()],
];

async function hmac(): Promise<string> {
	const key = new TextEncoder().encode(JSON.stringify({ x: signingJwk["x"], y: signingJwk["y"] }));
	return new SignJWT(claims)
		.setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: signingJwk["kid"] ?? "" })
		.sign(key);
}

describe("a check is refused with a token", () => {
	test.each(tokens)("%s", async (_, make) => {
		await expectProblem(await checkWith(await make()), "unauthenticated");
	});
});

/** The private key of the firewall, as a client may leave it in a proof by mistake. */
async function privateJwk(): Promise<Record<string, unknown>> {
	return { ...(await crypto.subtle.exportKey("jwk", bound.privateKey)) };
}

function checkWithProof(proof: string | null, token = bound.accessToken): Promise<Response> {
	return send("/v1/check", {
		headers: { authorization: `DPoP ${token}`, ...(proof === null ? {} : { dpop: proof }) },
	});
}

const proofs: [string, () => string | null | Promise<string>][] = [
	["that is missing", () => null],
	["that is empty", () => ""],
	["by another key", async () => (await Firewall.create()).proof("GET", URL_OF_CHECK, bound.accessToken)],
	["for another method", () => bound.proof("POST", URL_OF_CHECK, bound.accessToken)],
	["for another path", () => bound.proof("GET", `${ISSUER}/v1/checks`, bound.accessToken)],
	["for another host", () => bound.proof("GET", "https://evil.test/v1/check", bound.accessToken)],
	["for another scheme", () => bound.proof("GET", "http://updates.test/v1/check", bound.accessToken)],
	["for another port", () => bound.proof("GET", "https://updates.test:8443/v1/check", bound.accessToken)],
	["without ath", () => bound.proof("GET", URL_OF_CHECK)],
	["for another token", () => bound.proof("GET", URL_OF_CHECK, bearer.accessToken)],
	["made 301 seconds ago", () => bent({ claims: { iat: nowSeconds() - 302 } })],
	["made in the future", () => bent({ claims: { iat: nowSeconds() + 310 } })],
	["without iat", () => bent({ claims: { iat: undefined } })],
	["without jti", () => bent({ claims: { jti: undefined } })],
	["of type JWT", () => bent({ header: { typ: "JWT" } })],
	["without a type", () => bent({ header: { typ: undefined } })],
	["without a key", () => bent({ header: { jwk: undefined } })],
	["with the private key in it", async () => bent({ header: { jwk: await privateJwk() } })],
	["twice in one request", async () => `${await good()}, ${await good()}`],
];
const good = () => bound.proof("GET", URL_OF_CHECK, bound.accessToken);
const bent = (change: Bent) => bound.proof("GET", URL_OF_CHECK, bound.accessToken, change);

describe("a check is refused with a bound token and a proof", () => {
	test.each(proofs)("%s", async (_, make) => {
		await expectProblem(await checkWithProof(await make()), "unauthenticated");
	});

	test("that was used before", async () => {
		const proof = await good();
		expect((await checkWithProof(proof)).status).toBe(200);
		await expectProblem(await checkWithProof(proof), "unauthenticated");
	});
});

describe("a proof is accepted that writes the URL as", () => {
	test.each([
		["HTTPS://UPDATES.TEST/v1/check"],
		["https://updates.test:443/v1/check"],
		["https://updates.test/v1/check?installed=crs"],
		["https://updates.test/v1/check#top"],
	])("%s", async (url) => {
		expect((await checkWithProof(await bound.proof("GET", url, bound.accessToken))).status).toBe(200);
	});
});

test.each([
	["client-cert", ":MIIB:"],
	["x-ssl-client-verify", "SUCCESS"],
	["x-forwarded-client-cert", "Hash=00;Subject=CN=FW"],
	["cf-access-jwt-assertion", "e30.e30.AAAA"],
	["cf-access-authenticated-user-email", "root@updates.test"],
	["x-forwarded-user", "root"],
])("the header %s makes nobody of an anonymous caller", async (name, value) => {
	await expectProblem(await send("/v1/check", { headers: { [name]: value } }), "unauthenticated");
	await expectProblem(await send("/v1/accounts", { headers: { [name]: value } }), "unauthenticated");
});
