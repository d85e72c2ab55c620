// What attackers send to the device plane instead of a good access token and its proof: 401 each, whatever is wrong.
import { SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeSecret } from "../../../../src/signing/keys/derived-keys.ts";
import { importMacKeyring } from "../../../../src/signing/keys/mac-keyring.ts";
import { type SealPurpose, sealClaims } from "../../../../src/signing/sealed/sealed-claims.ts";
import { type Bent, Firewall, nowSeconds } from "../../../support/firewall.ts";
import { createFleet, publish } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { ISSUER, operate, send } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newFirewall, newProduct, offerOf, permitOf } from "../../support/fixtures.ts";

const URL_OF_CHECK = `${ISSUER}/v1/check`;
const PURPOSE: SealPurpose = { key: "token", frame: ["parapet-token", "1", ISSUER], maxLength: 4096 };
const keyring = await importMacKeyring(TEST_SECRETS.MAC_KEYS);
const [kid = "", secret = ""] = TEST_SECRETS.MAC_KEYS.split(":");

let product: string;
let bearer: Firewall;
let bound: Firewall;
let claims: Record<string, unknown>;
beforeAll(async () => {
	product = await newProduct();
	const { code } = await createFleet({ products: [product] });
	await publish(product, "1.0.0", "rules");
	bearer = await newFirewall(code, false);
	bound = await newFirewall(code);
	claims = JSON.parse(atob((bearer.accessToken.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
});

const part = (value: unknown) =>
	btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** A token that the service's own key really sealed, unless other keys are given. */
function sealed(
	changes: Record<string, unknown> = {},
	purpose: Partial<SealPurpose> = {},
	keys = keyring.current,
): Promise<string> {
	return sealClaims(keys, { ...PURPOSE, ...purpose }, { ...claims, ...changes });
}

/** The same claims as RFC 9068 would have them, were access tokens JWTs. */
function jwt(alg: string, key: CryptoKey | Uint8Array, header: Record<string, unknown> = {}): Promise<string> {
	const standard = { iss: ISSUER, aud: ISSUER, client_id: claims["sub"], scope: "device" };
	return new SignJWT({ ...claims, ...standard }).setProtectedHeader({ alg, typ: "at+jwt", kid, ...header }).sign(key);
}

const checkWith = (token: string) => send("/v1/check", { headers: { authorization: `Bearer ${token}` } });

test("a token that the test seals as the service does is accepted", async () => {
	expect((await checkWith(await sealed())).status).toBe(200);
});

const stranger = () => importMacKeyring(`${kid}:${"A".repeat(43)}`);
const tokens: [string, () => string | Promise<string>][] = [
	...["none", "None", "nOnE"].map((alg): [string, () => string] => [
		`that is a JWT of algorithm ${alg}`,
		() => `${part({ alg, typ: "at+jwt", kid })}.${part(claims)}.`,
	]),
	["that is a JWT under the key of tokens", () => jwt("HS256", keyring.current.token)],
	["that is a JWT under the configured secret", () => jwt("HS256", decodeSecret(secret) ?? new Uint8Array())],
	["that is a JWT signed by the device itself", () => jwt("ES256", bearer.privateKey)],
	["that is a JWT with its own key", () => jwt("ES256", bearer.privateKey, { jwk: bearer.publicJwk, kid: undefined })],
	["under another secret of that kid", async () => sealed({}, {}, (await stranger()).current)],
	["under the key of capabilities", () => sealed({}, { key: "capability" })],
	["under the kid of a path", () => renamed("../../x")],
	["under the kid of a prototype", () => renamed("__proto__")],
	["without a kid", () => renamed("")],
	["with claims and no MAC", () => `${kid}.${part(claims)}.`],
	["with a MAC that is empty", () => `${kid}.${part(claims)}.${"A".repeat(43)}`],
	["with other claims under its MAC", () => changed({ exp: nowSeconds() + 86_000 })],
	["of another kind", () => sealed({}, { frame: ["parapet-capability", "1", ISSUER] })],
	["of another version", () => sealed({}, { frame: ["parapet-token", "2", ISSUER] })],
	["of another issuer", () => sealed({}, { frame: ["parapet-token", "1", "https://staging.updates.test"] })],
	["without exp", () => sealed({ exp: undefined })],
	["that has expired", () => sealed({ exp: nowSeconds() - 31 })],
	[
		"that has just expired, under which an offer or an ETag would be sealed past its end",
		() => sealed({ exp: nowSeconds() }),
	],
	["without iat", () => sealed({ iat: undefined })],
	["issued an hour from now", () => sealed({ iat: nowSeconds() + 3600, exp: nowSeconds() + 7200 })],
	["older than a day, whatever its exp", () => sealed({ iat: nowSeconds() - 90_000 })],
	["without entitlements", () => sealed({ ent: undefined })],
	["of a megabyte", () => `${kid}.${"A".repeat(30_000)}.${"A".repeat(43)}`],
	["of four parts", async () => `${await sealed()}.AAAA`],
	["in padding", async () => `${await sealed()}=`],
	["that is an assertion", () => bearer.assertion()],
	["that is an offer", async () => (await offerOf(bearer, product)).capability],
	["that is a permit", async () => (await permitOf(bearer, product)).permit],
];

/** The firewall's own token with other claims, or under another kid. */
function changed(changes: Record<string, unknown>): string {
	const [, , mac] = bearer.accessToken.split(".");
	return `${kid}.${part({ ...claims, ...changes })}.${mac}`;
}

function renamed(other: string): string {
	return [other, ...bearer.accessToken.split(".").slice(1)].join(".");
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

	test("that is missing, and says what may have removed it", async () => {
		const problem = await expectProblem(await checkWithProof(null), "dpop_proof_missing");
		expect(problem["fix"]).toContain("a proxy on the way removes it");
	});

	test("that is of another time, and says how far the clock is off and what time it is", async () => {
		const answer = await checkWithProof(await bent({ claims: { iat: nowSeconds() - 500 } }));
		const problem = await expectProblem(answer, "unauthenticated");
		expect(problem["detail"]).toMatch(/about 50\d s behind/);
		expect(Math.abs(Number(problem["server_time"]) - nowSeconds())).toBeLessThan(5);
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

describe("a 401 says in WWW-Authenticate", () => {
	const DPOP = 'algs="ES256 EdDSA Ed25519"';
	const challenge = async (headers: Record<string, string>) =>
		(await send("/v1/check", { headers })).headers.get("www-authenticate");

	test("which schemes there are, and no error where no credentials came", async () => {
		expect(await challenge({})).toBe(`DPoP ${DPOP}, Bearer`);
	});

	test("that the token is bad, in the scheme that was used", async () => {
		expect(await challenge({ authorization: "Bearer x" })).toBe(`DPoP ${DPOP}, Bearer error="invalid_token"`);
		expect(await challenge({ authorization: "DPoP x" })).toBe(`DPoP error="invalid_token", ${DPOP}, Bearer`);
		const sentAsBearer = await challenge({ authorization: `Bearer ${bound.accessToken}` });
		expect(sentAsBearer).toBe(`DPoP ${DPOP}, Bearer error="invalid_token"`);
	});

	test("that the proof is bad or missing", async () => {
		const authorization = `DPoP ${bound.accessToken}`;
		const refused = `DPoP error="invalid_dpop_proof", ${DPOP}, Bearer`;
		expect(await challenge({ authorization })).toBe(refused);
		expect(await challenge({ authorization, dpop: "x" })).toBe(refused);
	});

	test("that an API key is bad", async () => {
		const answer = await operate("GET", "/v1/keys", undefined, "pk_x");
		expect(answer.headers.get("www-authenticate")).toBe(`DPoP ${DPOP}, Bearer error="invalid_token"`);
	});
});
