// DPoP proofs (RFC 9449): which are taken, and that every claim, the key and the signature are compared to the last
// character.
import { describe, expect, it } from "vitest";
import {
	accessTokenHash,
	DPOP_MAX_AGE_SECONDS,
	type DpopRequest,
	verifyDpopProof,
} from "../../../../src/signing/device-proofs/dpop.ts";
import {
	ISSUER,
	makeDeviceKey,
	NOW,
	signJwt,
	signRaw,
	type TestKey,
	withOtherCharacterAt,
} from "../signing-fixtures.ts";

const device = await makeDeviceKey("ES256");
const ed25519 = await makeDeviceKey("Ed25519");
const other = await makeDeviceKey("ES256");

const URL_OF_REQUEST = `${ISSUER}/v1/permits`;
const TOKEN = "eyJ.access.token";
const CLAIMS = {
	jti: "0123456789abcdef",
	htm: "POST",
	htu: URL_OF_REQUEST,
	iat: NOW,
	ath: await accessTokenHash(TOKEN),
};
const OTHER_ATH = await accessTokenHash("other");
const REQUEST: Omit<DpopRequest, "proof"> = { method: "POST", url: URL_OF_REQUEST, now: NOW, accessToken: TOKEN };

const makeProof = (claims: object = {}, header: object = {}, key: TestKey = device) =>
	signJwt(key, { ...CLAIMS, ...claims }, { typ: "dpop+jwt", jwk: key.jwk, ...header });
const verify = (proof: string, request: Partial<DpopRequest> = {}) =>
	verifyDpopProof({ ...REQUEST, proof, ...request });
const refusal = (reason: string, details: object = {}) => ({ ok: false, reason, ...details });

describe("a good proof", () => {
	it("names the key that made it", async () => {
		expect(await verify(await makeProof())).toEqual({
			ok: true,
			jkt: device.jkt,
			jwk: device.jwk,
			alg: "ES256",
			jti: CLAIMS.jti,
			iat: NOW,
		});
	});

	it.each(["EdDSA", "Ed25519"])("may be signed with Ed25519 under the name %s", async (alg) => {
		expect(await verify(await makeProof({}, {}, { ...ed25519, alg }))).toMatchObject({
			ok: true,
			alg,
			jkt: ed25519.jkt,
		});
	});

	it("may come without ath where no token is sent", async () => {
		const proof = await makeProof({ ath: undefined });
		expect(await verify(proof, { accessToken: undefined })).toMatchObject({ ok: true });
	});

	it("is verified with the caller's imported key, if it keeps some", async () => {
		const asked: string[] = [];
		const importKey = async (_: unknown, jkt: string) => {
			asked.push(jkt);
			return device.key;
		};
		expect(await verify(await makeProof(), { importKey })).toMatchObject({ ok: true });
		expect(asked).toEqual([device.jkt]);
	});
});

describe("htu (N12)", () => {
	it.each([
		["HTTPS://UPDATES.EXAMPLE/v1/permits"],
		["https://updates.example:443/v1/permits"],
		["https://updates.example/v1/permits?x=1#y"],
		["https://updates.example/v1/../v1/permits"],
		["https://updates.example/v1/%70ermits"],
		["https://updates.example/v1/%2e/permit%73"],
	])("takes %s", async (htu) => {
		expect(await verify(await makeProof({ htu }))).toMatchObject({ ok: true });
	});

	it("does not look at the request's own query", async () => {
		expect(await verify(await makeProof(), { url: `${URL_OF_REQUEST}?a=b` })).toMatchObject({ ok: true });
	});

	it.each([
		["http://updates.example/v1/permits"],
		["https://updates.example:8443/v1/permits"],
		["https://updates.example/v1/permits/"],
		["https://updates.example/V1/permits"],
		["https://other.example/v1/permits"],
		["https://user@updates.example/v1/permits"],
		["/v1/permits"],
		["https://updates.example/v1%2Fpermits"],
		["https://updates.example/v1/%2570ermits"],
		["https:\\\\updates.example\\v1\\permits"],
		["data:,x"],
		[""],
	])("refuses %s", async (htu) => {
		expect(await verify(await makeProof({ htu }))).toEqual(refusal("wrong_url"));
	});
});

describe("claims (N12)", () => {
	it("refuses an ath that differs in any one character, be it the last", async () => {
		for (let index = 0; index < CLAIMS.ath.length; index++) {
			const ath = withOtherCharacterAt(CLAIMS.ath, index);
			expect(await verify(await makeProof({ ath })), `character ${index}`).toEqual(refusal("wrong_access_token"));
		}
	});

	it.each([
		["htm of another method", { htm: "GET" }, refusal("wrong_method")],
		["htm in lower case", { htm: "post" }, refusal("wrong_method")],
		["no htm", { htm: undefined }, refusal("bad_claim", { claim: "htm" })],
		["no ath", { ath: undefined }, refusal("wrong_access_token")],
		["ath of another token", { ath: OTHER_ATH }, refusal("wrong_access_token")],
		["no jti", { jti: undefined }, refusal("bad_claim", { claim: "jti" })],
		["a short jti", { jti: "1234567" }, refusal("bad_claim", { claim: "jti" })],
		["no iat", { iat: undefined }, refusal("bad_claim", { claim: "iat" })],
	])("refuses %s", async (_, claims, expected) => {
		expect(await verify(await makeProof(claims))).toEqual(expected);
	});

	const limit = DPOP_MAX_AGE_SECONDS;
	it.each([
		[-limit, { ok: true }],
		[-limit - 1, refusal("too_old", { clockOffsetSeconds: -limit - 1 })],
		[limit, { ok: true }],
		[limit + 1, refusal("issued_in_future", { clockOffsetSeconds: limit + 1 })],
		[-500, refusal("too_old", { clockOffsetSeconds: -500 })],
		[86_400, refusal("issued_in_future", { clockOffsetSeconds: 86_400 })],
	])("answers to a clock that is %i seconds off", async (off, expected) => {
		expect(await verify(await makeProof({ iat: NOW + off }))).toMatchObject(expected);
	});

	it("says nothing about the time under a bad signature", async () => {
		const proof = await signJwt(other, { ...CLAIMS, iat: 0 }, { typ: "dpop+jwt", jwk: device.jwk });
		expect(await verify(proof)).toEqual(refusal("bad_signature"));
	});
});

describe("key and signature", () => {
	it.each([
		["a private key", { ...device.jwk, d: device.jwk.x }],
		["no key", undefined],
		["a symmetric key", { kty: "oct", k: "AAAA" }],
		["a point off the curve", { ...device.jwk, y: device.jwk.x }],
	])("refuses %s in the header", async (_, jwk) => {
		const header = JSON.stringify({ alg: "ES256", typ: "dpop+jwt", jwk });
		expect(await verify(await signRaw(device, header, JSON.stringify(CLAIMS)))).toEqual(refusal("bad_key"));
	});

	it("refuses a key other than the expected one, before it verifies anything (N11)", async () => {
		expect(await verify(await makeProof(), { expectedJkt: other.jkt })).toEqual(refusal("wrong_key"));
		expect(await verify(await makeProof(), { expectedJkt: device.jkt })).toMatchObject({ ok: true });
	});

	it("finds the same with the known key at hand", async () => {
		const { jkt: expectedJkt, jwk: knownKey } = device;
		expect(await verify(await makeProof(), { expectedJkt, knownKey })).toMatchObject({ ok: true, jkt: device.jkt });
		const ofOther = await verify(await makeProof(), { expectedJkt: other.jkt, knownKey: other.jwk });
		expect(ofOther).toEqual(refusal("wrong_key"));
	});

	it("refuses a thumbprint that differs in any one character, be it the last", async () => {
		const proof = await makeProof();
		for (let index = 0; index < device.jkt.length; index++) {
			const expectedJkt = withOtherCharacterAt(device.jkt, index);
			expect(await verify(proof, { expectedJkt }), `character ${index}`).toEqual(refusal("wrong_key"));
		}
	});

	it("refuses a key swapped under a signature, and an algorithm of another key type", async () => {
		const [, claims, signature] = (await makeProof()).split(".");
		const swap = (header: object) =>
			`${Buffer.from(JSON.stringify(header)).toString("base64url")}.${claims}.${signature}`;
		expect(await verify(swap({ alg: "ES256", typ: "dpop+jwt", jwk: other.jwk }))).toEqual(refusal("bad_signature"));
		expect(await verify(swap({ alg: "EdDSA", typ: "dpop+jwt", jwk: device.jwk }))).toEqual(refusal("wrong_algorithm"));
	});

	it.each([{ typ: "JWT" }, { typ: undefined }, { jku: "https://attacker.example" }])(
		"refuses the header %j",
		async (header) => {
			expect(await verify(await makeProof({}, header))).toMatchObject({ ok: false });
		},
	);

	it("refuses more than 4 KB, two proofs in one header, and nothing", async () => {
		const proof = await makeProof();
		expect(await verify(await makeProof({ x: "x".repeat(4096) }))).toMatchObject({ reason: "too_large" });
		expect(await verify(`${proof}, ${proof}`)).toEqual(refusal("not_compact_jws"));
		expect(await verify("")).toEqual(refusal("not_compact_jws"));
	});

	it("refuses a change of any character", async () => {
		const proof = await makeProof();
		for (let index = 0; index < proof.length; index++) {
			expect(await verify(withOtherCharacterAt(proof, index)), `character ${index}`).toMatchObject({ ok: false });
		}
	});
});
