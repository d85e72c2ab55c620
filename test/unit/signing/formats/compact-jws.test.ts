// What a stranger may send as a JWS, through the reader of device assertions.
import fc from "fast-check";
import { CompactSign, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { readDeviceAssertion } from "../../../../src/signing/device-proofs/device-assertion.ts";
import { encodeBase64url } from "../../../../src/signing/formats/base64url.ts";
import { DEVICE_ID, ISSUER, makeDeviceKey, NOW, signJwt, signRaw } from "../signing-fixtures.ts";

const device = await makeDeviceKey("ES256");
const CLAIMS = { iss: DEVICE_ID, sub: DEVICE_ID, aud: ISSUER, iat: NOW, exp: NOW + 60, jti: "0123456789abcdef" };
const HEADER = '{"alg":"ES256"}';
const claimsText = JSON.stringify(CLAIMS);
const part = (text: string) => encodeBase64url(new TextEncoder().encode(text));

describe("form of a JWS", () => {
	it("refuses what is not three parts of strict base64url", async () => {
		const good = await signJwt(device, CLAIMS);
		const [header = "", claims = "", signature = ""] = good.split(".");
		for (const text of [
			"",
			"..",
			"a.b",
			`${good}.${signature}`,
			`${header}.${claims}.${signature}=`,
			`${header}.${claims}. ${signature}`,
			`${header}\n.${claims}.${signature}`,
			` ${good}`,
		]) {
			expect(readDeviceAssertion(text), text).toMatchObject({ ok: false });
		}
		expect(readDeviceAssertion(good)).toMatchObject({ ok: true });
	});

	it("refuses more than 8 KB before it looks at it (N16)", async () => {
		const long = await signJwt(device, { ...CLAIMS, x: "x".repeat(7000) });
		expect(readDeviceAssertion(long)).toEqual({ ok: false, reason: "too_large", length: long.length });
		expect(readDeviceAssertion("x".repeat(1_000_000))).toMatchObject({ reason: "too_large" });
	});

	it.each([
		["a repeated sub", '{"sub":"dev-a","sub":"dev-b"}', "duplicate_member"],
		["deep nesting", "[".repeat(4000), "too_deep"],
		["a byte-order mark", `\ufeff${claimsText}`, "not_json"],
		["no JSON", "sub=dev", "not_json"],
		["an array", "[]", "not_an_object"],
		["null", "null", "not_an_object"],
		["invalid UTF-8", Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "not_utf8"],
	])("refuses claims that are %s (N16)", async (_, claims, defect) => {
		expect(readDeviceAssertion(await signRaw(device, HEADER, claims))).toEqual({
			ok: false,
			reason: "bad_json",
			part: "claims",
			defect,
		});
	});

	it("refuses a header with a repeated member", async () => {
		const text = await signRaw(device, '{"alg":"ES256","alg":"none"}', claimsText);
		expect(readDeviceAssertion(text)).toMatchObject({ reason: "bad_json", part: "header", defect: "duplicate_member" });
	});
});

describe("any text", () => {
	it("is read without throwing, as header and as claims", async () => {
		const texts = fc.oneof(fc.json(), fc.string({ unit: "binary" }));
		await fc.assert(
			fc.property(texts, texts, (header, claims) => {
				expect(readDeviceAssertion(`${part(header)}.${part(claims)}.AAAA`)).toMatchObject({ ok: false });
				expect(readDeviceAssertion(`${part(HEADER)}.${part(claims)}.AAAA`)).toMatchObject({ ok: false });
			}),
			{ numRuns: 500 },
		);
	});
});

describe("header of a JWS", () => {
	it.each(["none", "None", "nOnE", "HS256", "RS256", "ES384", "ES256K", "", 7, null, undefined])(
		"refuses the algorithm %j (N01)",
		(alg) => {
			const header = part(JSON.stringify({ alg }));
			for (const signature of ["", "AAAA"]) {
				expect(readDeviceAssertion(`${header}.${part(claimsText)}.${signature}`)).toEqual({
					ok: false,
					reason: "bad_algorithm",
				});
			}
		},
	);

	it("refuses HS256 with the public key as secret (N02)", async () => {
		const secret = new TextEncoder().encode(JSON.stringify(device.jwk));
		const text = await new SignJWT(CLAIMS).setProtectedHeader({ alg: "HS256" }).sign(secret);
		expect(readDeviceAssertion(text)).toEqual({ ok: false, reason: "bad_algorithm" });
	});

	it.each<object>([
		{ jwk: device.jwk },
		{ jku: "https://attacker.example/jwks" },
		{ x5u: "https://attacker.example/cert" },
		{ x5c: ["MIIB"] },
		{ x5t: "AAAA" },
		{ zip: "DEF" },
		{ b64: false },
		{ crit: ["b64"] },
		{ constructor: 1 },
	])("refuses the member %j (N03)", async (members) => {
		const text = await signRaw(device, JSON.stringify({ alg: "ES256", ...members }), claimsText);
		expect(readDeviceAssertion(text)).toMatchObject({ reason: "header_not_allowed", member: Object.keys(members)[0] });
	});

	it("refuses an unencoded payload (RFC 7797)", async () => {
		const jws = await new CompactSign(new TextEncoder().encode("x"))
			.setProtectedHeader({ alg: "ES256", b64: true, crit: ["b64"] })
			.sign(device.privateKey);
		expect(readDeviceAssertion(jws)).toMatchObject({ reason: "header_not_allowed" });
	});

	it.each(["at+jwt", "dpop+jwt", "jwt+x", "", 1, null])("refuses the typ %j", async (typ) => {
		const text = await signRaw(device, JSON.stringify({ alg: "ES256", typ }), claimsText);
		expect(readDeviceAssertion(text)).toEqual({ ok: false, reason: "bad_typ" });
	});

	it.each(["", "x".repeat(129), 7, null, ["a"]])("refuses the kid %j (N04)", async (kid) => {
		const text = await signRaw(device, JSON.stringify({ alg: "ES256", kid }), claimsText);
		expect(readDeviceAssertion(text)).toEqual({ ok: false, reason: "header_not_allowed", member: "kid" });
	});

	it.each(["exp", "iat", "nbf"])("refuses %s that is not a finite number (N07)", async (claim) => {
		for (const value of ['"1793000000"', "1e999", "null", "[]", "-1"]) {
			const text = claimsText.replace(/}$/, `,"${claim}":${value}}`).replace(new RegExp(`"${claim}":\\d+,`), "");
			expect(readDeviceAssertion(await signRaw(device, HEADER, text))).toMatchObject({ reason: "bad_claim", claim });
		}
	});
});
