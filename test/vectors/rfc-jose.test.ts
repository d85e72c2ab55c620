// Expectations written by others: the examples of RFC 4648, 7515, 8037 and 9449 against our readers and verifiers.
import { calculateJwkThumbprint } from "jose";
import { describe, expect, it } from "vitest";
import { importDeviceKey, parseDevicePublicKey, thumbprintOf } from "../../src/signing/device-proofs/device-key.ts";
import { accessTokenHash, verifyDpopProof } from "../../src/signing/device-proofs/dpop.ts";
import { decodeBase64url, encodeBase64url } from "../../src/signing/formats/base64url.ts";
import { hasGoodSignature } from "../../src/signing/formats/compact-jws.ts";

async function importVector(jwk: object) {
	const parsed = parseDevicePublicKey(jwk);
	if (parsed === null) throw new Error("the RFC's key is one that we take");
	return { jwk: parsed, key: await importDeviceKey(parsed) };
}

describe("RFC 4648 §10", () => {
	it.each([
		["", ""],
		["f", "Zg"],
		["fo", "Zm8"],
		["foo", "Zm9v"],
		["foob", "Zm9vYg"],
		["fooba", "Zm9vYmE"],
		["foobar", "Zm9vYmFy"],
	])("base64url of %j", (text, encoded) => {
		const bytes = new TextEncoder().encode(text);
		expect(encodeBase64url(bytes)).toBe(encoded);
		expect(decodeBase64url(encoded)).toEqual(bytes);
	});
});

describe("RFC 7638 §3.1", () => {
	it("thumbprint of the example key, by the function that names our token keys", async () => {
		const n =
			"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj" +
			"hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ" +
			"vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK" +
			"nqDKgw";
		const jwk = { kty: "RSA", n, e: "AQAB", alg: "RS256", kid: "2011-04-29" };
		expect(await calculateJwkThumbprint(jwk, "sha256")).toBe("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
	});
});

describe("RFC 8037 appendix A", () => {
	const JWK = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
	const TEXT =
		"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

	it("A.3: thumbprint of an Ed25519 key", async () => {
		expect(await thumbprintOf((await importVector(JWK)).jwk)).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	});

	it("A.5: an Ed25519 signature", async () => {
		const { key } = await importVector(JWK);
		expect(await hasGoodSignature({ text: TEXT, alg: "EdDSA", header: {}, claims: {} }, key)).toBe(true);
	});
});

describe("RFC 7515 appendix A.3", () => {
	const JWK = {
		kty: "EC",
		crv: "P-256",
		x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
		y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
	};
	const TEXT =
		"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

	it("an ES256 signature", async () => {
		const { key } = await importVector(JWK);
		expect(await hasGoodSignature({ text: TEXT, alg: "ES256", header: {}, claims: {} }, key)).toBe(true);
	});
});

describe("RFC 9449", () => {
	const HEADER =
		"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19";
	const ACCESS_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
	const JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

	it("§4: the proof of a token request", async () => {
		const proof = `${HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`;
		const url = "https://server.example.com/token";
		expect(await verifyDpopProof({ proof, method: "POST", url, now: 1_562_262_616 })).toMatchObject({
			ok: true,
			jkt: JKT,
			jti: "-BwC3ESc6acc2lTc",
			iat: 1_562_262_616,
		});
	});

	it("§7.1: the proof beside an access token, bound to the key of §4", async () => {
		const proof = `${HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`;
		const request = { proof, method: "GET", url: "https://resource.example.org/protectedresource", now: 1_562_262_618 };
		const verified = await verifyDpopProof({ ...request, accessToken: ACCESS_TOKEN, expectedJkt: JKT });
		expect(verified).toMatchObject({ ok: true, jkt: JKT });
	});

	it("§7.1: the hash of the access token", async () => {
		expect(await accessTokenHash(ACCESS_TOKEN)).toBe("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
	});
});
