// One good assertion; each test changes one thing. Numbers like (N05) are the attack cases of docs/threat-model.md.
import { describe, expect, it } from "vitest";
import {
	ASSERTION_MAX_AGE_SECONDS,
	ASSERTION_MAX_LIFETIME_SECONDS,
	readDeviceAssertion,
	verifyDeviceAssertion,
} from "../../../../src/signing/device-proofs/device-assertion.ts";
import { CLOCK_SKEW_SECONDS } from "../../../../src/signing/device-proofs/device-clock.ts";
import {
	DEVICE_ID,
	ISSUER,
	makeDeviceKey,
	NOW,
	signJwt,
	type TestKey,
	withOtherCharacterAt,
} from "../signing-fixtures.ts";

const device = await makeDeviceKey("ES256");
const ed25519 = await makeDeviceKey("Ed25519");
const other = await makeDeviceKey("ES256");

const CLAIMS = { iss: DEVICE_ID, sub: DEVICE_ID, aud: ISSUER, iat: NOW, exp: NOW + 60, jti: "0123456789abcdef" };

async function verify(text: string, key: TestKey = device) {
	const read = readDeviceAssertion(text);
	if (!read.ok) return read;
	return verifyDeviceAssertion(read.assertion, { issuer: ISSUER, jwk: key.jwk, key: key.key, now: NOW });
}
const verifyClaims = async (changes: object) => verify(await signJwt(device, { ...CLAIMS, ...changes }));
const refusal = (reason: string, details: object = {}) => ({ ok: false, reason, ...details });

describe("a good device assertion", () => {
	it("names its device, and says how long its jti must be remembered", async () => {
		expect(await verifyClaims({})).toEqual({
			ok: true,
			clientId: DEVICE_ID,
			jti: CLAIMS.jti,
			alg: "ES256",
			replayableUntil: CLAIMS.exp + CLOCK_SKEW_SECONDS,
		});
	});

	it.each([
		["aud as an array of one", { aud: [ISSUER] }],
		["its own client_id", { client_id: DEVICE_ID }],
		["a claim that we do not know", { htm: "POST" }],
		["nbf now", { nbf: NOW }],
		["times with fractions", { iat: NOW - 0.5, exp: NOW + 59.5 }],
	])("may have %s", async (_, changes) => {
		expect(await verifyClaims(changes)).toMatchObject({ ok: true });
	});

	it.each([{}, { typ: "JWT" }, { typ: "client-authentication+jwt" }, { typ: "application/client-authentication+jwt" }])(
		"may have the header %j",
		async (header) => {
			expect(await verify(await signJwt(device, CLAIMS, header))).toMatchObject({ ok: true });
		},
	);

	it.each(["EdDSA", "Ed25519"])("may be signed with Ed25519 under the name %s", async (alg) => {
		const text = await signJwt({ ...ed25519, alg }, CLAIMS, { kid: ed25519.jkt });
		expect(await verify(text, ed25519)).toMatchObject({ ok: true, alg });
	});
});

describe("claims", () => {
	it.each([
		["the token endpoint as aud (N05)", { aud: `${ISSUER}/oauth2/token` }, refusal("wrong_audience")],
		["the issuer with a slash", { aud: `${ISSUER}/` }, refusal("wrong_audience")],
		["two audiences, one ours", { aud: [ISSUER, "https://b.example"] }, refusal("bad_claim", { claim: "aud" })],
		["no aud", { aud: undefined }, refusal("bad_claim", { claim: "aud" })],
		["another sub", { sub: "dev-other" }, refusal("subject_mismatch")],
		["another iss", { iss: ISSUER }, refusal("subject_mismatch")],
		["another client_id", { client_id: "dev-other" }, refusal("subject_mismatch")],
		["no iss", { iss: undefined }, refusal("bad_claim", { claim: "iss" })],
		["no exp (N07)", { exp: undefined }, refusal("bad_claim", { claim: "exp" })],
		["no iat", { iat: undefined }, refusal("bad_claim", { claim: "iat" })],
		["exp before 1970", { exp: -1 }, refusal("bad_claim", { claim: "exp" })],
		["no jti", { jti: undefined }, refusal("bad_claim", { claim: "jti" })],
		["a jti of 7", { jti: "1234567" }, refusal("bad_claim", { claim: "jti" })],
		["a jti of 129", { jti: "x".repeat(129) }, refusal("bad_claim", { claim: "jti" })],
		["a jti with a line feed", { jti: "12345678\n" }, refusal("bad_claim", { claim: "jti" })],
		["a sub of 257", { sub: "x".repeat(257) }, refusal("bad_claim", { claim: "sub" })],
	])("refuses %s", async (_, changes, expected) => {
		expect(await verifyClaims(changes)).toEqual(expected);
	});

	it("refuses a life of more than an hour (N07)", async () => {
		const lifetimeSeconds = ASSERTION_MAX_LIFETIME_SECONDS + 1;
		expect(await verifyClaims({ exp: NOW + lifetimeSeconds })).toEqual(
			refusal("lifetime_too_long", { lifetimeSeconds }),
		);
		expect(await verifyClaims({ exp: NOW + ASSERTION_MAX_LIFETIME_SECONDS })).toMatchObject({ ok: true });
	});
});

describe("clock", () => {
	const skew = CLOCK_SKEW_SECONDS;
	const age = ASSERTION_MAX_AGE_SECONDS + CLOCK_SKEW_SECONDS;
	it.each([
		["exp one second before the skew ends", { iat: NOW - 120, exp: NOW - skew + 1 }, { ok: true }],
		[
			"exp at the end of the skew",
			{ iat: NOW - 120, exp: NOW - skew },
			refusal("expired", { clockOffsetSeconds: -120 }),
		],
		["a clock 125 s behind", { iat: NOW - 125, exp: NOW - 65 }, refusal("expired", { clockOffsetSeconds: -125 })],
		["a clock 700 s behind", { iat: NOW - 700, exp: NOW - 100 }, refusal("expired", { clockOffsetSeconds: -700 })],
		["an end before its start", { iat: NOW, exp: NOW - 600 }, refusal("expired", { clockOffsetSeconds: -600 })],
		["iat at the end of the skew", { iat: NOW + skew }, { ok: true }],
		["iat beyond the skew", { iat: NOW + skew + 1 }, refusal("issued_in_future", { clockOffsetSeconds: skew + 1 })],
		["nbf at the end of the skew", { nbf: NOW + skew }, { ok: true }],
		["nbf beyond the skew", { nbf: NOW + skew + 5 }, refusal("not_yet_valid", { clockOffsetSeconds: skew + 5 })],
		["the greatest age", { iat: NOW - age, exp: NOW + 60 }, { ok: true }],
		["one second more", { iat: NOW - age - 1, exp: NOW + 60 }, refusal("too_old", { clockOffsetSeconds: -age - 1 })],
	])("answers to %s", async (_, changes, expected) => {
		expect(await verifyClaims(changes)).toMatchObject(expected);
	});

	it("remembers a long-lived assertion no longer than its greatest age", async () => {
		const result = await verifyClaims({ exp: NOW + 3600 });
		expect(result).toMatchObject({ ok: true, replayableUntil: NOW + age + 1 });
	});

	it("says nothing about the time to one who does not hold the key", async () => {
		const text = await signJwt(other, { ...CLAIMS, iat: NOW - 900, exp: NOW - 800 });
		expect(await verify(text)).toEqual(refusal("bad_signature"));
	});
});

describe("key and signature", () => {
	it("refuses another device's signature", async () => {
		expect(await verify(await signJwt(other, CLAIMS))).toEqual(refusal("bad_signature"));
	});

	it("refuses an algorithm that is not the registered key's", async () => {
		expect(await verify(await signJwt(ed25519, CLAIMS), device)).toEqual(refusal("wrong_algorithm"));
	});

	it("lets a kid choose no key: any name will do with the device's key, and none with another (N04)", async () => {
		for (const kid of [device.jkt, other.jkt, "my-key-2026", "../../x", "' OR 1"]) {
			expect(await verify(await signJwt(device, CLAIMS, { kid }))).toMatchObject({ ok: true });
			expect(await verify(await signJwt(other, CLAIMS, { kid }))).toEqual(refusal("bad_signature"));
		}
	});

	it.each(["", "k".repeat(129), 7, null, {}])("refuses a kid that is no name of a key: %j", async (kid) => {
		const text = await signJwt(device, CLAIMS, { kid } as never);
		expect(await verify(text)).toEqual(refusal("header_not_allowed", { member: "kid" }));
	});

	it("refuses a change of any character", async () => {
		const text = await signJwt(device, CLAIMS, { kid: device.jkt });
		for (let index = 0; index < text.length; index++) {
			expect(await verify(withOtherCharacterAt(text, index)), `character ${index}`).toMatchObject({ ok: false });
		}
	});
});
