// What attackers and broken clients send to /oauth2/register: no device appears, and nobody learns why a code is not good.
import { beforeAll, describe, expect, test, vi } from "vitest";
import { makeAuthority, tlsClientAuth } from "../../../support/certificates.ts";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet, type Fleet } from "../../../support/fleet.ts";
import { freshName } from "../../../support/fresh-names.ts";
import { ISSUER, operated, send } from "../../../support/service.ts";
import { Edge } from "../../support/edge.ts";
import { expectOAuthError } from "../../support/expectations.ts";
import { devicesOf, newProduct, tampered } from "../../support/fixtures.ts";

const URL_OF_REGISTER = `${ISSUER}/oauth2/register`;

let fleet: Fleet;
let product: string;
beforeAll(async () => {
	product = await newProduct();
	fleet = await createFleet({ products: [product] });
});

/** Registers with the given metadata and headers in place of the usual ones. */
async function register(
	firewall: Firewall,
	metadata: Record<string, unknown> | string = {},
	headers: Record<string, string> = {},
): Promise<Response> {
	const body =
		typeof metadata === "string"
			? metadata
			: JSON.stringify({
					jwks: { keys: [firewall.publicJwk] },
					device_serial: "SN-1",
					device_model: "FW-100",
					...metadata,
				});
	return send("/oauth2/register", {
		method: "POST",
		headers: {
			authorization: `DPoP ${fleet.code}`,
			dpop: await firewall.proof("POST", URL_OF_REGISTER, fleet.code),
			"content-type": "application/json",
			"cf-connecting-ip": firewall.address,
			...headers,
		},
		body,
	});
}

async function expectNoDevice(): Promise<void> {
	expect(await devicesOf(fleet.account)).toEqual([]);
}

describe("a code that is not good is refused with the same words", () => {
	const REFUSAL = "the auth code was not accepted; ask the account's administrator for a valid one";
	const codes: [string, () => string][] = [
		["garbage", () => "garbage"],
		["of the right form, never made", () => Array(9).fill("0000").join("-")],
		["with one character changed", () => fleet.code.slice(0, -1) + (fleet.code.endsWith("0") ? "1" : "0")],
		["of 10 KB", () => "A".repeat(10_000)],
		["that is an API key", () => `pk_${"0".repeat(32)}`],
	];
	test.each(codes)("%s", async (_, make) => {
		await expectRefused(make());
	});

	test("that ran out", async () => {
		const { code } = await operated<{ code: string }>("POST", `/v1/accounts/${fleet.account}/codes`, {
			license: fleet.license,
			expires_at: new Date(Date.now() + 60_000).toISOString(),
		});
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
		try {
			await expectRefused(code);
		} finally {
			vi.useRealTimers();
		}
	});

	async function expectRefused(code: string): Promise<void> {
		const firewall = await Firewall.create();
		const headers = {
			authorization: `DPoP ${code}`,
			dpop: await firewall.proof("POST", URL_OF_REGISTER, code),
		};
		const answer = await register(firewall, {}, headers);
		expect((await expectOAuthError(answer, 401, "invalid_token")).error_description).toBe(REFUSAL);
		await expectNoDevice();
	}
});

test("a bare bearer code is refused: it proves no key", async () => {
	const answer = await register(await Firewall.create(), {}, { authorization: `Bearer ${fleet.code}` });
	await expectOAuthError(answer, 401, "invalid_token");
	await expectNoDevice();
});

describe("a proof is refused", () => {
	const proofs: [string, (firewall: Firewall) => string | Promise<string>][] = [
		["that is empty", () => ""],
		["that is garbage", () => "garbage"],
		["for another method", (firewall) => firewall.proof("PUT", URL_OF_REGISTER, fleet.code)],
		["for another URL", (firewall) => firewall.proof("POST", `${ISSUER}/oauth2/token`, fleet.code)],
		["without the code's hash", (firewall) => firewall.proof("POST", URL_OF_REGISTER)],
		["for another code", (firewall) => firewall.proof("POST", URL_OF_REGISTER, tampered(fleet.code))],
		["with a broken signature", async (firewall) => `${(await good(firewall)).slice(0, -8)}AAAAAAAA`],
		["sent twice", async (firewall) => `${await good(firewall)}, ${await good(firewall)}`],
	];
	const good = (firewall: Firewall) => firewall.proof("POST", URL_OF_REGISTER, fleet.code);
	test.each(proofs)("%s", async (_, make) => {
		const firewall = await Firewall.create();
		const answer = await register(firewall, {}, { dpop: await make(firewall) });
		await expectOAuthError(answer, 400, "invalid_dpop_proof");
		await expectNoDevice();
	});
});

describe("metadata is refused", () => {
	const metadata: [
		string,
		(firewall: Firewall) => Record<string, unknown> | string | Promise<Record<string, unknown>>,
	][] = [
		["with another key than the proof's", async () => keys((await Firewall.create()).publicJwk)],
		["with a private key", async ({ privateKey }) => keys(await crypto.subtle.exportKey("jwk", privateKey))],
		["with two keys", ({ publicJwk }) => keys(publicJwk, publicJwk)],
		["with no key", () => keys()],
		["with a symmetric key", () => keys({ kty: "oct", k: "AAAA" })],
		["with an RSA key", () => keys({ kty: "RSA", n: "AAAA", e: "AQAB" })],
		["with keys elsewhere", () => ({ jwks: undefined, jwks_uri: "http://169.254.169.254/keys" })],
		["with a client secret as method", () => ({ token_endpoint_auth_method: "client_secret_basic" })],
		["for another grant", () => ({ grant_types: ["client_credentials", "password"] })],
		["for a symmetric algorithm", () => ({ token_endpoint_auth_signing_alg: "HS256" })],
		["for an algorithm of another kind of key", () => ({ token_endpoint_auth_signing_alg: "EdDSA" })],
		["without a serial", () => ({ device_serial: undefined })],
		["with a serial that starts a new line", () => ({ device_serial: 'SN\r\n{"level":"admin"}\u001b[2J' })],
		// biome-ignore lint/suspicious/noTemplateCurlyInString: what an attacker of a Java logger would write
		["with a serial that asks a logger to look up", () => ({ device_serial: "${jndi:ldap://x}" })],
		["with a serial of markup", () => ({ device_serial: "<script>alert(1)</script>" })],
		["with a serial of 65 characters", () => ({ device_serial: "S".repeat(65) })],
		["with an emoji for a model", () => ({ device_model: "🔥" })],
		[
			"with 17 labels",
			() => ({ device_labels: Object.fromEntries([..."abcdefghijklmnopq"].map((key) => [key, "1"])) }),
		],
		["with a label that is not text", () => ({ device_labels: { site: 1 } })],
		["with a control character in a label", () => ({ device_labels: { site: "a\u0007" } })],
		["with labels that are a list", () => ({ device_labels: ["site"] })],
		["with __proto__ among the labels", () => `{"device_serial":"SN","device_labels":{"__proto__":{"a":"1"}}}`],
		["that is not JSON", () => "{"],
		["that is a list", () => "[]"],
		["that is null", () => "null"],
		["nested thousands deep", () => `${"[".repeat(5000)}${"]".repeat(5000)}`],
		["that is empty", () => ""],
	];
	const keys = (...list: unknown[]) => ({ jwks: { keys: list } });
	test.each(metadata)("%s", async (_, make) => {
		const firewall = await Firewall.create();
		const answer = await register(firewall, await make(firewall));
		const { status } = answer;
		if (status === 411) await expectOAuthError(answer, 411, "invalid_request");
		else await expectOAuthError(answer, 400, "invalid_client_metadata");
		await expectNoDevice();
	});

	test.each([
		["of another type", 415, { "content-type": "text/plain" }],
		["larger than 16 KB", 413, { "content-length": "16385" }],
	])("%s", async (_, status, headers) => {
		await expectOAuthError(await register(await Firewall.create(), {}, headers), status, "invalid_request");
		await expectNoDevice();
	});
});

test("members that mean something elsewhere change nothing", async () => {
	const firewall = await Firewall.create();
	const more = { account: "acct-0", license: "lic-0", seats: 99, role: "operator", scope: "operate", tenant_id: "x" };
	const key = { ...firewall.publicJwk, x5u: "http://169.254.169.254/", "x5t#S256": "AAAA", iat: 1 };
	const jwks = { keys: [key] };
	const answer = await register(firewall, { ...more, jwks, constructor: { prototype: { isAdmin: true } } });
	expect(answer.status).toBe(201);
	const body = (await answer.json()) as Record<string, unknown>;
	expect(body).toMatchObject({ account: fleet.account, license: fleet.license });
	expect(body).not.toHaveProperty("role");
	expect(body["jwks"]).toEqual({ keys: [firewall.publicJwk] });
	expect({}).not.toHaveProperty("isAdmin");
});

/** Counts exactly, each binding for itself; the platform counts by location, and roughly. */
function counting(quota: number) {
	const used = new Map<string, number>();
	const limit = async ({ key }: { key: string }) => {
		used.set(key, (used.get(key) ?? 0) + 1);
		return { success: (used.get(key) ?? 0) <= quota };
	};
	return { binding: { limit }, used };
}

describe("behind one address", () => {
	const limits = () => ({ address: counting(2), code: counting(3), account: counting(1_000) });
	const edgeWith = ({ address, code, account }: ReturnType<typeof limits>) =>
		new Edge("kv", { RATE_REGISTER: address.binding, RATE_CODE: code.binding, RATE_ACCOUNT: account.binding });
	const codesOf = (count: number) =>
		Promise.all(Array.from({ length: count }, async () => (await createFleet({ products: [product] })).code));

	test("a site activates however many firewalls it has, while guesses from there are refused", async () => {
		const counted = limits();
		const edge = edgeWith(counted);
		const ask = async (code: string) => (await edge.activate(await Firewall.create(), code, "198.51.100.9")).status;
		expect([await ask("garbage"), await ask("garbage"), await ask("garbage")]).toEqual([401, 401, 429]);
		for (const code of await codesOf(4)) expect(await ask(code)).toBe(201);
		expect([...counted.address.used.values()]).toEqual([3]);
	});

	test("a site's appliances come with their maker's certificates, however many they are, each with a quota of its own", async () => {
		const counted = limits();
		const edge = edgeWith(counted);
		const maker = await makeAuthority([["CN", freshName()]]);
		const added = await operated<{ manufacturer: string }>("POST", "/v1/manufacturers", {
			...{ name: "Maker", certificate: maker.pem },
		});
		const serials = Array.from({ length: 4 }, () => `SN-${freshName()}`);
		const { account, license } = await createFleet({ products: [product] });
		await operated("POST", `/v1/accounts/${account}/claims`, {
			...{ serials, license, manufacturer: added.manufacturer },
		});
		const certificates = await Promise.all(
			serials.map((serial) => maker.issue({ subject: [["serialNumber", serial]] })),
		);
		const come = async (index: number) => {
			edge.cf = { tlsClientAuth: tlsClientAuth(certificates[index] ?? null) };
			return (await edge.activate(await Firewall.create(), null, "198.51.100.10", serials[index])).status;
		};
		for (const index of serials.keys()) expect(await come(index)).toBe(201);
		expect([await come(0), await come(0), await come(0)]).toEqual([403, 403, 429]);
		expect(counted.address.used.size).toBe(0);
		expect(counted.account.used.size, "the address, and the account").toBe(2);
		edge.cf = undefined;
		const without = async () => (await edge.activate(await Firewall.create(), null, "198.51.100.10")).status;
		expect([await without(), await without(), await without()]).toEqual([401, 401, 429]);
	});

	test("one code that is tried ever again is refused, and no other code, also of its account, with it", async () => {
		const edge = edgeWith(limits());
		const [stolen = "", other = ""] = await codesOf(2);
		for (let attempt = 0; attempt < 3; attempt++) await edge.activate(await Firewall.create(), stolen);
		await expectOAuthError(await edge.activate(await Firewall.create(), stolen), 429, "temporarily_unavailable");
		// However it is written.
		const hyphenless = stolen.replaceAll("-", "").toUpperCase();
		await expectOAuthError(await edge.activate(await Firewall.create(), hyphenless), 429, "temporarily_unavailable");
		expect((await edge.activate(await Firewall.create(), other)).status).toBe(201);
	});

	test("what a code uses up beyond its quota does not count for its account", async () => {
		const counted = limits();
		const edge = edgeWith(counted);
		const [stolen = ""] = await codesOf(1);
		for (let attempt = 0; attempt < 6; attempt++) await edge.activate(await Firewall.create(), stolen);
		expect([...counted.account.used.values()]).toEqual([3]);
	});

	test("the limiter is told no code", async () => {
		const counted = limits();
		const [code = ""] = await codesOf(1);
		await edgeWith(counted).activate(await Firewall.create(), code);
		expect([...counted.code.used.keys()].join()).not.toContain(code.slice(11, 20));
	});
});

test("the 61st activation of a minute from one address is told when to come back; others are not affected", async () => {
	const firewall = await Firewall.create();
	const address = { "cf-connecting-ip": "198.51.100.7", authorization: "DPoP garbage" };
	const answers = await Promise.all(Array.from({ length: 61 }, () => register(firewall, {}, address)));
	const limited = answers.filter(({ status }) => status === 429);
	// The minute may turn over in between; then the last ones count for the next.
	expect(limited.length).toBeLessThanOrEqual(1);
	for (const answer of limited) await expectOAuthError(answer, 429, "temporarily_unavailable");
	const neighbour = await register(await Firewall.create(), {}, { "cf-connecting-ip": "198.51.100.8" });
	expect(neighbour.status).not.toBe(429);
});
