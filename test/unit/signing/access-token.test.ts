import fc from "fast-check";
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { type NewAccessToken, signAccessToken, verifyAccessToken } from "../../../src/signing/access-token.ts";
import { importTokenKeyring, type TokenKeyring } from "../../../src/signing/token-keyring.ts";
import { ISSUER, NOW, PROFILE, PSEUDONYM, withOtherCharacterAt } from "./signing-fixtures.ts";

async function makeKeyring(): Promise<{ keyring: TokenKeyring; privateKey: CryptoKey }> {
	const { privateKey } = await generateKeyPair("ES256", { extractable: true });
	return { keyring: await importTokenKeyring(JSON.stringify({ keys: [await exportJWK(privateKey)] })), privateKey };
}
const { keyring, privateKey } = await makeKeyring();
const { kid } = keyring.current;

const NEW_TOKEN: NewAccessToken = {
	issuer: ISSUER,
	device: PROFILE,
	pseudonym: PSEUDONYM,
	jkt: "thumbprint",
	jti: "token-1",
	now: NOW,
	expiresIn: 3600,
};
const sign = (changes: Partial<NewAccessToken> = {}) => signAccessToken(keyring, { ...NEW_TOKEN, ...changes });
const verify = (token: string, now = NOW) => verifyAccessToken(keyring, token, { issuer: ISSUER, now });

/** A token that the service's own key signed over changed claims. */
async function forge(claims: object, header: object = {}): Promise<string> {
	const good = decodeJwt(await sign());
	return new SignJWT({ ...good, ...claims })
		.setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid, ...header })
		.sign(privateKey);
}

describe("access token", () => {
	it("brings back the profile of the device", async () => {
		expect(await verify(await sign())).toEqual({
			ok: true,
			profile: PROFILE,
			pseudonym: PSEUDONYM,
			scope: "device",
			jkt: "thumbprint",
			exp: NOW + 3600,
			provisional: false,
		});
	});

	it("says that it was made from an old copy of the record", async () => {
		expect(await verify(await sign({ provisional: true }))).toMatchObject({ ok: true, provisional: true });
	});

	it("brings back a device that has nothing but a model, and a bearer token", async () => {
		const device = { ...PROFILE, labels: {}, haGroup: null, hold: null, licenseEpoch: 0, lease: null, grants: {} };
		expect(await verify(await sign({ device, jkt: null }))).toMatchObject({ ok: true, profile: device, jkt: null });
	});

	it("is an RFC 9068 token with the claims that are documented", async () => {
		const token = await sign();
		expect(decodeProtectedHeader(token)).toEqual({ alg: "ES256", typ: "at+jwt", kid });
		expect(decodeJwt(token)).toEqual({
			iss: ISSUER,
			sub: PROFILE.id,
			client_id: PROFILE.id,
			aud: ISSUER,
			iat: NOW,
			exp: NOW + 3600,
			jti: "token-1",
			scope: "device",
			acct: PROFILE.account,
			pseudonym: PSEUDONYM,
			ent: {
				crs: [NOW + 86_400, 3600, 7200, 60, NOW + 100],
				threats: [NOW + 86_400],
			},
			dev: { model: "PA-440", labels: { site: "berlin" }, ha: "ha-berlin", hold: "license_suspended" },
			license_epoch: 3,
			lease: 900,
			cnf: { jkt: "thumbprint" },
		});
	});

	it("is not made for a device that is not active", async () => {
		await expect(sign({ device: { ...PROFILE, status: "revoked" } })).rejects.toThrow("revoked");
	});

	it("is not made longer than 4 KB", async () => {
		const grants = Object.fromEntries(
			Array.from({ length: 100 }, (_, index) => [
				`product-${index}`,
				{ from: NOW, until: NOW, grace: 1, critical: 1, delay: 1 },
			]),
		);
		await expect(sign({ device: { ...PROFILE, grants } })).rejects.toThrow(RangeError);
	});
});

describe("time", () => {
	it.each([
		[NOW + 3600, { ok: true }],
		[NOW + 3629, { ok: true }],
		[NOW + 3630, { ok: false, reason: "expired", offBySeconds: 30 }],
		[NOW - 30, { ok: true }],
		[NOW - 31, { ok: false, reason: "wrong_claim", claim: "iat" }],
	])("answers at %i", async (now, expected) => {
		expect(await verify(await sign(), now)).toMatchObject(expected);
	});

	it("ends after a day, whatever exp says", async () => {
		expect(await verify(await sign({ expiresIn: 1e9 }), NOW + 90_000)).toMatchObject({ ok: false, reason: "expired" });
	});
});

describe("refusals", () => {
	it.each([
		["another issuer (N10)", { iss: "https://staging.example" }, "iss"],
		["another audience (N10)", { aud: "https://other.example" }, "aud"],
		["an array of audiences, one ours", { aud: [ISSUER, "https://other.example"] }, "aud"],
		["no exp (N07)", { exp: undefined }, "exp"],
		["exp as text (N07)", { exp: "1793003600" }, "exp"],
		["no jti", { jti: undefined }, "jti"],
		["nbf in the future", { nbf: NOW + 600 }, "nbf"],
		["another scope", { scope: "operate" }, "scope"],
		["another client_id", { client_id: "dev-other" }, "client_id"],
		["no entitlements", { ent: undefined }, "ent"],
		["entitlements of another form", { ent: { crs: { until: NOW } } }, "ent"],
		["an entitlement without an end", { ent: { crs: [] } }, "ent"],
		["an entitlement that is no number", { ent: { crs: [NOW, "1"] } }, "ent"],
		["a hold that nobody knows", { dev: { model: "PA-440", hold: "x" } }, "dev"],
		["a license epoch that is no number", { license_epoch: "3" }, "license_epoch"],
		["a lease that is no number", { lease: "900" }, "lease"],
	])("refuses %s under our own signature", async (_, claims, claim) => {
		expect(await verify(await forge(claims))).toEqual({ ok: false, reason: "wrong_claim", claim });
	});

	it.each(["JWT", "dpop+jwt", undefined])("refuses the typ %s", async (typ) => {
		expect(await verify(await forge({}, { typ }))).toEqual({ ok: false, reason: "wrong_claim", claim: "typ" });
	});

	it("refuses a token of another service's key, whatever kid it names (N04)", async () => {
		const stranger = await makeKeyring();
		const token = await signAccessToken(stranger.keyring, NEW_TOKEN);
		expect(await verify(token)).toEqual({ ok: false, reason: "unknown_key" });
		const [, claims, signature] = token.split(".");
		const [header] = (await sign()).split(".");
		expect(await verify(`${header}.${claims}.${signature}`)).toEqual({ ok: false, reason: "bad_signature" });
		for (const name of ["../../x", "__proto__", undefined]) {
			expect(await verify(await forge({}, { kid: name }))).toMatchObject({ ok: false, reason: "unknown_key" });
		}
	});

	it("refuses no algorithm and a symmetric one (N01, N02)", async () => {
		const [, claims] = (await sign()).split(".");
		for (const alg of ["none", "None", "HS256"]) {
			const header = Buffer.from(JSON.stringify({ alg, typ: "at+jwt", kid })).toString("base64url");
			expect(await verify(`${header}.${claims}.`)).toEqual({ ok: false, reason: "malformed" });
		}
		const secret = new TextEncoder().encode(JSON.stringify(keyring.publicJwks.keys[0]));
		const confused = await new SignJWT(decodeJwt(await sign())).setProtectedHeader({ alg: "HS256", kid }).sign(secret);
		expect(await verify(confused)).toEqual({ ok: false, reason: "malformed" });
	});

	it.each(["", ".", "a.b.c", "a.b.c.d", "x".repeat(5000)])("refuses %.10s", async (token) => {
		expect(await verify(token)).toEqual({ ok: false, reason: "malformed" });
	});

	it("never throws, whatever stands in the place of one part", async () => {
		const parts = (await sign()).split(".");
		const texts = fc.oneof(
			fc.string({ unit: "binary", maxLength: 20 }),
			fc.json().map((text) => btoa(encodeURI(text))),
		);
		await fc.assert(
			fc.asyncProperty(texts, fc.nat({ max: 2 }), async (text, at) => {
				expect(await verify(parts.with(at, text).join("."))).toMatchObject({ ok: false });
			}),
			{ numRuns: 500 },
		);
	});

	it("refuses a change of any character but the last, whose low bits mean nothing", async () => {
		const token = await sign();
		for (let index = 0; index < token.length - 1; index++) {
			expect(await verify(withOtherCharacterAt(token, index)), `character ${index}`).toMatchObject({ ok: false });
		}
	});

	it("names its key by the thumbprint", async () => {
		expect(await calculateJwkThumbprint({ ...keyring.publicJwks.keys[0] })).toBe(kid);
	});
});
