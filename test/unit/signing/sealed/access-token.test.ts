// Access tokens: what they carry, when they end, and what is refused although it is sealed, or because it is not.
import fc from "fast-check";
import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { importMacKeyring } from "../../../../src/signing/keys/mac-keyring.ts";
import {
	hasTokenForm,
	type NewAccessToken,
	openAccessToken,
	sealAccessToken,
} from "../../../../src/signing/sealed/access-token.ts";
import { type SealPurpose, sealClaims } from "../../../../src/signing/sealed/sealed-claims.ts";
import { ISSUER, NOW, OTHER_SECRET, PROFILE, PSEUDONYM, SECRET, withOtherCharacterAt } from "../signing-fixtures.ts";

const keyring = await importMacKeyring(`k1:${SECRET}`);

const NEW_TOKEN: NewAccessToken = {
	issuer: ISSUER,
	device: PROFILE,
	pseudonym: PSEUDONYM,
	jkt: "thumbprint",
	jti: "token-1",
	now: NOW,
	expiresIn: 3600,
};
const seal = (changes: Partial<NewAccessToken> = {}) => sealAccessToken(keyring, { ...NEW_TOKEN, ...changes });
const open = (token: string, now = NOW) => openAccessToken(keyring, token, { issuer: ISSUER, now });
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());

const PURPOSE: SealPurpose = { key: "token", frame: ["parapet-token", "1", ISSUER], maxLength: 4096 };

/** A token over changed claims under the service's own key. */
async function forge(changes: object, purpose: SealPurpose = PURPOSE): Promise<string> {
	return sealClaims(keyring.current, purpose, { ...claimsOf(await seal()), ...changes });
}

describe("access token", () => {
	it("brings back the profile of the device, and the keys that sealed it", async () => {
		expect(await open(await seal())).toEqual({
			ok: true,
			profile: PROFILE,
			pseudonym: PSEUDONYM,
			jkt: "thumbprint",
			x5t: null,
			exp: NOW + 3600,
			provisional: false,
			policyInRecord: false,
			keys: keyring.current,
		});
	});

	it("says that it was made from an old copy of the record", async () => {
		expect(await open(await seal({ provisional: true }))).toMatchObject({ ok: true, provisional: true });
	});

	it("brings back a device that has nothing but a model, and a bearer token", async () => {
		const device = { ...PROFILE, labels: {}, haGroup: null, hold: null, licenseEpoch: 0, lease: null, grants: {} };
		expect(await open(await seal({ device, jkt: null }))).toMatchObject({ ok: true, profile: device, jkt: null });
	});

	it("is bound to a certificate, to a key, or to both", async () => {
		for (const [jkt, x5t] of [
			[null, "print"],
			["thumbprint", "print"],
			["thumbprint", null],
		] as const) {
			expect(await open(await seal({ jkt, x5t }))).toMatchObject({ ok: true, jkt, x5t });
		}
		expect(claimsOf(await seal({ jkt: null, x5t: "print" })).cnf).toEqual({ "x5t#S256": "print" });
	});

	it.each([{}, { "x5t#S256": 1 }, { jkt: "thumbprint", "x5t#S256": 1 }, { kid: "other" }])(
		"that is bound to something that is not known is refused: %j",
		async (cnf) => {
			expect(await open(await forge({ cnf }))).toEqual({ ok: false, reason: "wrong_claim", claim: "cnf" });
		},
	);

	it("has the claims that are documented", async () => {
		expect(claimsOf(await seal())).toEqual({
			sub: PROFILE.id,
			iat: NOW,
			exp: NOW + 3600,
			jti: "token-1",
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
		await expect(seal({ device: { ...PROFILE, status: "revoked" } })).rejects.toThrow("revoked");
	});

	it("is not made longer than 4 KB", async () => {
		const grants = Object.fromEntries(
			Array.from({ length: 100 }, (_, index) => [
				`product-${index}`,
				{ from: NOW, until: NOW, grace: 1, critical: 1, delay: 1, emergencyDelay: 0 },
			]),
		);
		await expect(seal({ device: { ...PROFILE, grants } })).rejects.toThrow(RangeError);
	});

	it("is told from an API key by its form", async () => {
		expect(hasTokenForm(await seal())).toBe(true);
		for (const text of ["pk_0123456789abcdefghjkmnpqrstvwxyz", "local-bootstrap-key-for-tests-only-0001", "a.b.c", ""])
			expect(hasTokenForm(text), text).toBe(false);
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
		expect(await open(await seal(), now)).toMatchObject(expected);
	});

	it.each([
		[NOW + 86_430, { ok: true }],
		[NOW + 86_431, { ok: false, reason: "expired" }],
	])("ends after a day, whatever exp says: at %i", async (now, expected) => {
		expect(await open(await seal({ expiresIn: 1e9 }), now)).toMatchObject(expected);
	});
});

describe("keys", () => {
	it("a token survives a new key in front, which seals from then on", async () => {
		const rotated = await importMacKeyring(`k2:${OTHER_SECRET},k1:${SECRET}`);
		const old = await openAccessToken(rotated, await seal(), { issuer: ISSUER, now: NOW });
		expect(old).toMatchObject({ ok: true, keys: { kid: "k1" } });
		const fresh = await sealAccessToken(rotated, NEW_TOKEN);
		expect(fresh).toMatch(/^k2\./);
		expect(await open(fresh)).toEqual({ ok: false, reason: "unknown_key" });
	});

	it("a kid with another secret is another key (N04)", async () => {
		const stranger = await importMacKeyring(`k1:${OTHER_SECRET}`);
		expect(await open(await sealAccessToken(stranger, NEW_TOKEN))).toEqual({ ok: false, reason: "bad_mac" });
	});

	it.each(["../../x", "__proto__", "constructor", "K1", " k1"])("no token names its key %s", async (kid) => {
		const [, payload, mac] = (await seal()).split(".");
		expect(await open(`${kid}.${payload}.${mac}`)).toMatchObject({ ok: false });
	});
});

describe("refusals", () => {
	it.each([
		["no exp (N07)", { exp: undefined }, "exp"],
		["exp as text (N07)", { exp: "1793003600" }, "exp"],
		["no iat", { iat: undefined }, "iat"],
		["no subject", { sub: undefined }, "sub"],
		["no account", { acct: undefined }, "acct"],
		["no pseudonym", { pseudonym: undefined }, "pseudonym"],
		["no entitlements", { ent: undefined }, "ent"],
		["entitlements of another form", { ent: { crs: { until: NOW } } }, "ent"],
		["an entitlement without an end", { ent: { crs: [] } }, "ent"],
		["an entitlement that is no number", { ent: { crs: [NOW, "1"] } }, "ent"],
		["no device", { dev: undefined }, "dev"],
		["a hold that nobody knows", { dev: { model: "PA-440", hold: "x" } }, "dev"],
		["a license epoch that is no number", { license_epoch: "3" }, "license_epoch"],
		["a lease that is no number", { lease: "900" }, "lease"],
		["a key's thumbprint that is no text", { cnf: {} }, "cnf"],
	])("refuses %s under our own key", async (_, claims, claim) => {
		expect(await open(await forge(claims))).toEqual({ ok: false, reason: "wrong_claim", claim });
	});

	it.each([
		["for another issuer (N10)", { ...PURPOSE, frame: ["parapet-token", "1", "https://staging.example"] }],
		["of another version", { ...PURPOSE, frame: ["parapet-token", "2", ISSUER] }],
		["of another kind", { ...PURPOSE, frame: ["parapet-capability", "1", ISSUER] }],
		["with the key of capabilities", { ...PURPOSE, key: "capability" } as const],
	])("refuses claims that our own key sealed %s", async (_, purpose) => {
		expect(await open(await forge({}, purpose))).toEqual({ ok: false, reason: "bad_mac" });
	});

	it("refuses a JWT of any algorithm, also by our own key (N01, N02)", async () => {
		const claims = { ...claimsOf(await seal()), iss: ISSUER, aud: ISSUER };
		const header = (alg: string) =>
			Buffer.from(JSON.stringify({ alg, typ: "at+jwt", kid: "k1" })).toString("base64url");
		const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
		const signed = await new SignJWT(claims)
			.setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "k1" })
			.sign(keyring.current.token);
		for (const token of [...["none", "None"].map((alg) => `${header(alg)}.${payload}.`), signed]) {
			expect(await open(token)).toMatchObject({ ok: false });
		}
	});

	it.each(["", ".", "a.b.c", "a.b.c.d", "x".repeat(5000)])("refuses %.10s", async (token) => {
		expect(await open(token)).toEqual({ ok: false, reason: "malformed" });
	});

	it("never throws, whatever stands in the place of one part", async () => {
		const parts = (await seal()).split(".");
		const texts = fc.oneof(
			fc.string({ unit: "binary", maxLength: 50 }),
			fc.json().map((text) => btoa(encodeURI(text))),
		);
		await fc.assert(
			fc.asyncProperty(texts, fc.nat({ max: 2 }), async (text, at) => {
				expect(await open(parts.with(at, text).join("."))).toMatchObject({ ok: false });
			}),
			{ numRuns: 500 },
		);
	});

	it("refuses a change of any character", async () => {
		const token = await seal();
		for (let index = 0; index < token.length; index++) {
			expect(await open(withOtherCharacterAt(token, index)), `character ${index}`).toMatchObject({ ok: false });
		}
	});
});
