// Signing in as whom Cloudflare Access has let through: whose word counts, whose key it opens, and that a key still does.
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ACCESS_MAX_AGE_SECONDS } from "../../../src/signing/access-assertion.ts";
import { newAddress } from "../../support/fresh-names.ts";
import { TEST_SECRETS } from "../../support/secrets.ts";
import { ISSUER, operated } from "../../support/service.ts";
import { Edge } from "../support/edge.ts";
import { newKey } from "./browser.ts";

const ACCESS_TEAM_DOMAIN = "example.cloudflareaccess.com";
const ACCESS_AUDIENCE = "a1".repeat(32);
const CERTS = `https://${ACCESS_TEAM_DOMAIN}/cdn-cgi/access/certs`;
const nowSeconds = () => Math.floor(Date.now() / 1_000);

let team: CryptoKeyPair;
let other: CryptoKeyPair;
let jwks: object;
beforeAll(async () => {
	[team, other] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
	jwks = { keys: [{ ...(await exportJWK(team.publicKey)), kid: "k1", alg: "RS256", use: "sig" }] };
});

/** what was fetched */
let asked: string[] = [];
let certs: () => Response;
beforeEach(() => {
	asked = [];
	certs = () => Response.json(jwks);
	vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
		// Made by the runtime, which throws at what it does not know: Workers have no `redirect: "error"`.
		asked.push(new Request(input, init).url);
		return certs();
	});
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

let edge: Edge;
beforeEach(() => {
	edge = new Edge("kv", { ACCESS_TEAM_DOMAIN, ACCESS_AUDIENCE });
});

interface Bent {
	readonly claims?: JWTPayload;
	readonly header?: { alg: string; kid?: string };
	readonly key?: CryptoKey | Uint8Array;
}

/** As Access makes it, but for what is bent. */
function assertionOf(email: string | undefined, { claims, header, key = team.privateKey }: Bent = {}): Promise<string> {
	const now = nowSeconds();
	const usual = {
		...{ iss: `https://${ACCESS_TEAM_DOMAIN}`, aud: [ACCESS_AUDIENCE], sub: "7335d417", type: "app" },
		...{ iat: now, nbf: now, exp: now + 3_600, ...(email !== undefined && { email }) },
	};
	return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg: "RS256", kid: "k1", ...header }).sign(key);
}

function post(assertion: string | null, next = "/console", headers: Record<string, string> = {}): Promise<Response> {
	const body = new URLSearchParams({ next }).toString();
	return edge.send("/console/sign-in/access", {
		...{ method: "POST", redirect: "manual", body },
		headers: {
			...{ origin: ISSUER, "sec-fetch-site": "same-origin", "cf-connecting-ip": newAddress() },
			...{ "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) },
			...(assertion !== null && { "cf-access-jwt-assertion": assertion }),
			...headers,
		},
	});
}

let number = 0;
/** A person with a key in their name. */
async function newPerson(
	scopes = ["read"],
	more: Record<string, unknown> = {},
): Promise<{ email: string; id: string }> {
	const email = `olivia${++number}@example.com`;
	const { id } = await newKey(scopes, { subject: email, ...more });
	return { email, id };
}

async function expectRefused(answer: Response, said = "Cloudflare Access has not said who you are"): Promise<void> {
	expect([answer.status, answer.headers.get("set-cookie")]).toEqual([401, null]);
	const text = await answer.text();
	expect(text).toContain(said);
	// The other way in stands beside it.
	expect(text).toContain('name="key"');
}

test("whoever Access has let through signs in with the key of their name, and has its scopes and no others", async () => {
	const { email } = await newPerson(["read"]);
	const assertion = await assertionOf(email.toUpperCase());
	const answer = await post(assertion, "/console/rollouts?product=crs");
	expect([answer.status, answer.headers.get("location")]).toEqual([303, "/console/rollouts?product=crs"]);
	const cookie = answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
	const page = await (await edge.send("/console/messages", { headers: { cookie } })).text();
	expect(page).toContain(`Sign out ${email}`);
	expect(page).not.toContain("Write a message");
	expect(asked).toEqual([CERTS]);
});

test("an address that is another's only by how Unicode folds letters opens nothing", async () => {
	const email = `karl${++number}@example.com`;
	await newKey(["read"], { subject: email });
	await expectRefused(await post(await assertionOf(email.replace("k", "\u212a"))), "no API key in force is named");
	expect((await post(await assertionOf(email))).status).toBe(303);
});

test("the keys are fetched from the team's own address, once for many", async () => {
	const { email } = await newPerson();
	for (let round = 0; round < 3; round++) expect((await post(await assertionOf(email))).status).toBe(303);
	expect(asked).toEqual([CERTS]);
});

test("the page for signing in offers it, beside the field for a key, and asks nobody where Access has said nothing", async () => {
	const { email } = await newPerson();
	const headers = { "cf-access-jwt-assertion": await assertionOf(email) };
	const page = await (await edge.send("/console/sign-in", { headers })).text();
	expect(page).toContain(`Sign in as ${email}`);
	expect(page).toContain('name="key"');
	asked = [];
	expect(await (await edge.send("/console/sign-in")).text()).not.toContain("/console/sign-in/access");
	expect(asked).toEqual([]);
});

test("a session ends with Access's word, if that is sooner than eight hours", async () => {
	const { email } = await newPerson();
	const exp = nowSeconds() + 600;
	const answer = await post(await assertionOf(email, { claims: { exp } }));
	const maxAge = Number(/Max-Age=(\d+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1]);
	expect(maxAge).toBeGreaterThan(590);
	expect(maxAge).toBeLessThanOrEqual(600);
	const cookie = answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
	vi.useFakeTimers({ toFake: ["Date"], now: (exp + 1) * 1_000 });
	expect((await edge.send("/console/rollouts", { headers: { cookie }, redirect: "manual" })).status).toBe(303);
});

test("without a key of that name, or with one that is over, nobody is signed in, and the page says what to do", async () => {
	const stranger = `nobody${++number}@example.com`;
	await expectRefused(await post(await assertionOf(stranger)), `parapet key create ${stranger}`);
	const { email, id } = await newPerson();
	await operated("DELETE", `/v1/keys/${id}`);
	await expectRefused(await post(await assertionOf(email)), "no API key in force");
	const ending = await newPerson(["read"], { expires_at: new Date(Date.now() + 60_000).toISOString() });
	vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
	await expectRefused(await post(await assertionOf(ending.email)), "no API key in force");
});

test("of several keys of a name the newest in force counts, and the session ends with that one", async () => {
	const { email } = await newPerson(["read"]);
	const { id } = await newKey(["operate"], { subject: email });
	const answer = await post(await assertionOf(email));
	const cookie = answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
	const read = () => edge.send("/console/messages", { headers: { cookie }, redirect: "manual" });
	expect(await (await read()).text()).toContain("Write a message");
	await operated("DELETE", `/v1/keys/${id}`);
	edge = new Edge("kv", { ACCESS_TEAM_DOMAIN, ACCESS_AUDIENCE });
	expect((await read()).status).toBe(303);
	expect((await post(await assertionOf(email))).status).toBe(303);
});

describe("nobody is signed in by", () => {
	const HOUR = 3_600;

	test.each<[string, (email: string) => Promise<string> | string | null]>([
		["no assertion", () => null],
		["garbage", () => "a.b.c"],
		["another's signature", (email) => assertionOf(email, { key: other.privateKey })],
		["a key that the team has not", (email) => assertionOf(email, { header: { alg: "RS256", kid: "k2" } })],
		["another algorithm", (email) => assertionOf(email, { header: { alg: "HS256" }, key: new Uint8Array(32) })],
		["no algorithm", () => `${btoa('{"alg":"none"}')}.${btoa('{"email":"olivia@example.com"}')}.`],
		["another application of the team", (email) => assertionOf(email, { claims: { aud: ["b2".repeat(32)] } })],
		["another team", (email) => assertionOf(email, { claims: { iss: "https://evil.cloudflareaccess.com" } })],
		["an assertion that is over", (email) => assertionOf(email, { claims: { exp: nowSeconds() - 61 } })],
		["one without an end", (email) => assertionOf(email, { claims: { exp: undefined } as JWTPayload })],
		[
			"one that is a day old",
			(email) =>
				assertionOf(email, { claims: { iat: nowSeconds() - ACCESS_MAX_AGE_SECONDS - 61, exp: nowSeconds() + HOUR } }),
		],
		[
			"one of tomorrow",
			(email) => assertionOf(email, { claims: { iat: nowSeconds() + 24 * HOUR, exp: nowSeconds() + 25 * HOUR } }),
		],
		["one that does not count yet", (email) => assertionOf(email, { claims: { nbf: nowSeconds() + HOUR } })],
		["a token of the whole team", (email) => assertionOf(email, { claims: { type: "org" } })],
		["a service token", () => assertionOf(undefined, { claims: { common_name: "ci", sub: "" } })],
		["one that is megabytes long", (email) => assertionOf(email, { claims: { groups: "x".repeat(10_000) } })],
	])("%s", async (_, make) => {
		const { email } = await newPerson();
		await expectRefused(await post(await make(email)));
		expect(asked.filter((url) => url !== CERTS)).toEqual([]);
	});

	test("a good assertion that another site makes a browser send", async () => {
		const { email } = await newPerson();
		const headers = { origin: "https://evil.test", "sec-fetch-site": "cross-site" };
		const answer = await post(await assertionOf(email), "/console", headers);
		expect([answer.status, answer.headers.get("set-cookie")]).toEqual([403, null]);
	});

	test("a good assertion where Access is not configured", async () => {
		edge = new Edge();
		const { email } = await newPerson();
		await expectRefused(await post(await assertionOf(email)));
		expect(asked).toEqual([]);
	});

	test("a good assertion, for any route of the API, or a page without a session", async () => {
		const { email } = await newPerson(["operate"]);
		const headers = { "cf-access-jwt-assertion": await assertionOf(email) };
		expect((await edge.send("/v1/keys", { headers })).status).toBe(401);
		expect((await edge.send("/console/rollouts", { headers, redirect: "manual" })).status).toBe(303);
	});
});

test("while the team's keys cannot be had, that is said, and a key still signs in", async () => {
	certs = () => new Response("down", { status: 500 });
	const { email } = await newPerson();
	const assertion = await assertionOf(email);
	const answer = await post(assertion);
	expect([answer.status, answer.headers.get("set-cookie")]).toEqual([503, null]);
	const page = await edge.send("/console/sign-in", { headers: { "cf-access-jwt-assertion": assertion } });
	expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('name="key"')]);
	const body = new URLSearchParams({ key: TEST_SECRETS.BOOTSTRAP_KEY }).toString();
	const signedIn = await edge.send("/console/sign-in", {
		...{ method: "POST", redirect: "manual", body },
		headers: {
			...{ origin: ISSUER, "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) },
			"cf-access-jwt-assertion": assertion,
		},
	});
	expect(signedIn.status).toBe(303);
});
