// What attackers and broken clients send to /oauth2/token: every one gets RFC 6749's answer and no token, and learns no more
// than that. (Single use of assertions and wrong clocks have files of their own.)
import { exportJWK, exportSPKI, importJWK, SignJWT } from "jose";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Claims, Firewall, nowSeconds, postForm } from "../../../support/firewall.ts";
import { createFleet } from "../../../support/fleet.ts";
import { ISSUER, send } from "../../../support/service.ts";
import { expectOAuthError } from "../../support/expectations.ts";
import { newFirewall, newProduct, unknownLength } from "../../support/fixtures.ts";

const TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const NOT_ACCEPTED = "the client assertion was not accepted";

let firewall: Firewall;
let stranger: Firewall;
let neighbour: Firewall;
beforeAll(async () => {
	const product = await newProduct();
	firewall = await newFirewall((await createFleet({ products: [product] })).code);
	neighbour = await newFirewall((await createFleet({ products: [product] })).code);
	stranger = await Firewall.create();
});

const base64url = (value: unknown): string =>
	btoa(typeof value === "string" ? value : JSON.stringify(value))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replaceAll("=", "");

function claims(more: Claims = {}): Claims {
	const now = nowSeconds();
	const id = firewall.clientId;
	return { iss: id, sub: id, aud: ISSUER, iat: now, exp: now + 60, jti: crypto.randomUUID(), ...more };
}

async function hmacSigned(secret: Uint8Array): Promise<string> {
	return new SignJWT(claims()).setProtectedHeader({ alg: "HS256" }).sign(secret);
}

/** A header and claims as raw text, really signed by the firewall. */
async function signedRaw(header: string, payload: string): Promise<string> {
	const input = `${base64url(header)}.${base64url(payload)}`;
	const data = new TextEncoder().encode(input);
	const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, firewall.privateKey, data);
	return `${input}.${base64url(String.fromCharCode(...new Uint8Array(signature)))}`;
}

const forged: [string, () => string | Promise<string>][] = [
	...["none", "None", "nOnE"].map((alg): [string, () => string] => [
		`of algorithm ${alg}`,
		() => `${base64url({ alg })}.${base64url(claims())}.`,
	]),
	["signed by HMAC with the public key as JWK", async () => hmacSigned(encode(JSON.stringify(firewall.publicJwk)))],
	["signed by HMAC with the public key as PEM", async () => hmacSigned(encode(await publicPem()))],
	["signed by another key", async () => stranger.sign({}, claims())],
	["signed by another device's key", async () => neighbour.sign({}, claims())],
	["that brings its own key", async () => stranger.sign({ jwk: stranger.publicJwk }, claims())],
	...["jku", "x5u"].map((name): [string, () => Promise<string>] => [
		`that names a key elsewhere by ${name}`,
		() => firewall.assertion({ header: { [name]: "https://attacker.example/keys" } }),
	]),
	["with a certificate chain", () => firewall.assertion({ header: { x5c: ["MIIB"] } })],
	["with a kid of 10 KB", () => firewall.assertion({ header: { kid: "k".repeat(10_240) } })],
	["by another key under the device's kid", async () => stranger.sign({ kid: await firewall.thumbprint() }, claims())],
	["of type at+jwt", () => firewall.assertion({ header: { typ: "at+jwt" } })],
	["of type dpop+jwt", () => firewall.assertion({ header: { typ: "dpop+jwt" } })],
	["for the issuer among others", () => firewall.assertion({ claims: { aud: [ISSUER, "https://other.example"] } })],
	["without exp", () => firewall.assertion({ claims: { exp: undefined } })],
	["with exp as text", () => firewall.assertion({ claims: { exp: String(nowSeconds() + 60) } })],
	["without iat", () => firewall.assertion({ claims: { iat: undefined } })],
	["without jti", () => firewall.assertion({ claims: { jti: undefined } })],
	["with a jti of seven characters", () => firewall.assertion({ claims: { jti: "1234567" } })],
	["with another issuer than subject", () => firewall.assertion({ claims: { iss: neighbour.clientId } })],
	["of a device id that was never given out", () => firewall.assertion({ claims: { iss: FAKE, sub: FAKE } })],
	["of no device id at all", () => firewall.assertion({ claims: { iss: "../x", sub: "../x" } })],
	["of four parts", async () => `${await firewall.assertion()}.AAAA`],
	["of two parts", async () => (await firewall.assertion()).split(".").slice(0, 2).join(".")],
	["with a broken signature", async () => `${(await firewall.assertion()).slice(0, -8)}AAAAAAAA`],
	["with a byte-order mark", () => signedRaw('\u00ef\u00bb\u00bf{"alg":"ES256"}', JSON.stringify(claims()))],
	["that is not UTF-8", () => signedRaw('{"alg":"ES256"}', '{"sub":"\u00ff"}')],
	["nested thousands deep", () => signedRaw('{"alg":"ES256"}', `{"a":${"[".repeat(2000)}${"]".repeat(2000)}}`)],
	["that names its subject twice", () => signedRaw('{"alg":"ES256"}', twoSubjects())],
];
const FAKE = "dev-0000000000-0000000000000000";
const encode = (text: string) => new TextEncoder().encode(text);

async function publicPem(): Promise<string> {
	const key = (await importJWK(firewall.publicJwk, "ES256", { extractable: true })) as CryptoKey;
	expect(await exportJWK(key)).toMatchObject({ kty: "EC" });
	return exportSPKI(key);
}

function twoSubjects(): string {
	return JSON.stringify(claims()).replace("{", `{"sub":"${neighbour.clientId}",`);
}

describe("no token for an assertion", () => {
	test.each(forged)("%s", async (_, make) => {
		const outbound = vi.spyOn(globalThis, "fetch");
		try {
			const answer = await firewall.requestToken({ client_assertion: await make() });
			expect((await expectOAuthError(answer, 401, "invalid_client")).error_description).toBe(NOT_ACCEPTED);
			expect(outbound).not.toHaveBeenCalled();
		} finally {
			outbound.mockRestore();
		}
	});

	test("that is to live for a year, and says how long it may: whoever has the form wrong learns no more", async () => {
		const assertion = await firewall.assertion({ claims: { exp: nowSeconds() + 31_536_000 } });
		const answer = await firewall.requestToken({ client_assertion: assertion });
		const { error_description } = await expectOAuthError(answer, 401, "invalid_client");
		expect(error_description).toContain("3600 s at most");
	});

	test("whose audience is the token endpoint, and says what the audience must be", async () => {
		const assertion = await firewall.assertion({ claims: { aud: `${ISSUER}/oauth2/token` } });
		const { error_description } = await expectOAuthError(
			await firewall.requestToken({ client_assertion: assertion }),
			401,
			"invalid_client",
		);
		expect(error_description).toBe(`aud must be the issuer, ${ISSUER}`);
	});

	test("sent under another client's id", async () => {
		const answer = await firewall.requestToken({ client_id: neighbour.clientId });
		await expectOAuthError(answer, 401, "invalid_client");
	});
});

describe("a good assertion gets a token", () => {
	test.each([
		["without typ", {}],
		["of type JWT", { header: { typ: "JWT" } }],
		["of type client-authentication+jwt", { header: { typ: "client-authentication+jwt" } }],
		["for an audience in an array of one", { claims: { aud: [ISSUER] } }],
		["that lives an hour", { claims: { exp: nowSeconds() + 3600 } }],
	])("%s", async (_, bent) => {
		const answer = await firewall.requestToken({ client_assertion: await firewall.assertion(bent) });
		expect(answer.status).toBe(200);
		expect(await answer.json()).toMatchObject({ token_type: "Bearer", scope: "device" });
	});

	test("whose form names parameters without a value, as if they were left out (RFC 6749 §3.2)", async () => {
		const answer = await firewall.requestToken({ scope: "", client_id: "", client_secret: "", resource: "" });
		expect(answer.status).toBe(200);
	});

	test("put together by hand", async () => {
		const assertion = await signedRaw('{"alg":"ES256"}', JSON.stringify(claims()));
		expect((await firewall.requestToken({ client_assertion: assertion })).status).toBe(200);
	});

	test.each<[string, () => string | Promise<string>]>([
		["its own thumbprint", () => firewall.thumbprint()],
		["another device's thumbprint", () => neighbour.thumbprint()],
		["a name of the client's own", () => "my-key-2026"],
		["what would be a path or a query elsewhere", () => "../../x' OR 1"],
	])("with %s as kid, which chooses nothing", async (_, kid) => {
		const assertion = await firewall.assertion({ header: { kid: await kid() } });
		expect((await firewall.requestToken({ client_assertion: assertion })).status).toBe(200);
	});
});

describe("the form is refused", () => {
	const good = async (): Promise<Record<string, string>> => ({
		grant_type: "client_credentials",
		client_assertion_type: TYPE,
		client_assertion: await firewall.assertion(),
	});
	const forms: [string, string, (fields: Record<string, string>) => string][] = [
		["with a field twice", "invalid_request", (fields) => `${form(fields)}&client_assertion=x`],
		["with a grant_type twice", "invalid_request", (fields) => `${form(fields)}&grant_type=client_credentials`],
		["without a grant_type", "invalid_request", ({ grant_type: _, ...rest }) => form(rest)],
		["with the password grant", "unsupported_grant_type", (fields) => form({ ...fields, grant_type: "password" })],
		["without an assertion", "invalid_request", ({ client_assertion: _, ...rest }) => form(rest)],
		[
			"with another kind of assertion",
			"invalid_request",
			(fields) => form({ ...fields, client_assertion_type: "saml" }),
		],
		["with a client secret beside it", "invalid_request", (fields) => form({ ...fields, client_secret: "x" })],
		["with another scope", "invalid_scope", (fields) => form({ ...fields, scope: "operate" })],
		["when it is empty", "invalid_request", () => ""],
	];
	const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
	test.each(forms)("%s", async (_, error, bend) => {
		await expectOAuthError(await postForm("/oauth2/token", bend(await good())), 400, error);
	});

	test("with a client secret only", async () => {
		const answer = await postForm("/oauth2/token", "grant_type=client_credentials&client_secret=x");
		await expectOAuthError(answer, 401, "invalid_client");
	});

	test("when the request has an Authorization beside it, and no token of either is given (RFC 6749 §2.3)", async () => {
		const headers = { authorization: `Basic ${btoa(`${neighbour.clientId}:x`)}` };
		await expectOAuthError(await postForm("/oauth2/token", form(await good()), headers), 400, "invalid_request");
		const alone = await postForm("/oauth2/token", "grant_type=client_credentials", headers);
		expect(alone.headers.get("www-authenticate")).toBe('Basic realm="parapet"');
		await expectOAuthError(alone, 401, "invalid_client");
	});

	test.each([
		["as JSON", 415, { "content-type": "application/json" }],
		["with 16 KB and one byte", 413, { "content-length": "16385" }],
	])("%s", async (_, status, headers) => {
		await expectOAuthError(await postForm("/oauth2/token", form(await good()), headers), status, "invalid_request");
	});

	test("without a length", async () => {
		const answer = await send("/oauth2/token", {
			method: "POST",
			headers: { "content-type": "application/x-www-form-urlencoded" },
			body: unknownLength(form(await good())),
		});
		await expectOAuthError(answer, 411, "invalid_request");
	});

	test("with an assertion of a megabyte", async () => {
		const answer = await postForm(
			"/oauth2/token",
			form({ ...(await good()), client_assertion: "A".repeat(1_000_000) }),
		);
		await expectOAuthError(answer, 413, "invalid_request");
	});
});

test("the 61st request of a minute by one device is told when to come back; other devices are not affected", async () => {
	const busy = await newFirewall((await createFleet({ products: [await newProduct()] })).code);
	const answers = await Promise.all(Array.from({ length: 125 }, () => busy.requestToken()));
	const limited = answers.filter(({ status }) => status === 429);
	// The minute may turn over in between, and then there are two quotas.
	expect(limited.length).toBeGreaterThanOrEqual(4);
	const [first] = limited;
	await expectOAuthError(first as Response, 429, "temporarily_unavailable");
	expect((await firewall.requestToken()).status).toBe(200);
});
