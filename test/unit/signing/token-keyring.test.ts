import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { importTokenKeyring, parseTokenKeys } from "../../../src/signing/token-keyring.ts";

let first: JWK;
let second: JWK;
beforeAll(async () => {
	first = await makeKey();
	second = await makeKey();
});

async function makeKey(): Promise<JWK> {
	const jwk = await exportJWK((await generateKeyPair("ES256", { extractable: true })).privateKey);
	return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: "ES256", use: "sig" };
}

const setOf = (...keys: unknown[]) => JSON.stringify({ keys });

describe("TOKEN_KEYS", () => {
	it("signs with the first key, verifies with all, publishes no private part", async () => {
		const keyring = await importTokenKeyring(setOf(first, second));
		expect(keyring.current.kid).toBe(first.kid);
		expect(keyring.current.key.extractable).toBe(false);
		expect([...keyring.verifyByKid.keys()]).toEqual([first.kid, second.kid]);
		const { kty, crv, x, y, kid } = first;
		expect(keyring.publicJwks.keys[0]).toEqual({ kty, crv, x, y, kid, alg: "ES256", use: "sig" });
		expect(JSON.stringify(keyring.publicJwks)).not.toContain('"d"');
	});

	it("gives a key without kid its thumbprint, and ignores other members of the set", async () => {
		const { kid, ...bare } = first;
		const keyring = await importTokenKeyring(JSON.stringify({ local: true, keys: [bare] }));
		expect(keyring.current.kid).toBe(kid);
	});

	it("refuses what is not a set of private ES256 keys, naming the member", () => {
		const { d: _, ...publicKey } = first;
		const table: readonly [string, RegExp][] = [
			["", /is not JSON/],
			["[]", /TOKEN_KEYS: set:/],
			['{"keys":[]}', /set\.keys/],
			[setOf(publicKey), /set\.keys\.0\.d/],
			[setOf(first, { ...second, alg: "HS256" }), /set\.keys\.1\.alg: is not ES256/],
			[setOf({ ...first, kty: "RSA" }), /set\.keys\.0\.kty: is not EC/],
			[setOf({ ...first, crv: "P-384" }), /set\.keys\.0\.crv: is not P-256/],
			[setOf({ ...first, x: "AAAA" }), /set\.keys\.0\.x: is not base64url of 32 bytes/],
		];
		for (const [json, message] of table) expect(() => parseTokenKeys(json)).toThrow(message);
	});

	it("refuses keys that do not fit together, and shows no private part", async () => {
		const table: readonly [string, RegExp][] = [
			[setOf({ ...first, kid: second.kid }), /keys\.0\.kid: is not the RFC 7638 thumbprint/],
			[setOf(second, { ...first, kid: "k1" }), /keys\.1\.kid/],
			[setOf({ ...first, d: second.d }), /keys\.0: x, y and d are not one key pair/],
			[setOf({ ...first, kid: undefined, y: second.y }), /keys\.0: x, y and d are not one key pair/],
			[setOf(first, first), /given twice/],
		];
		for (const [json, message] of table) {
			const error = String(await importTokenKeyring(json).catch((cause: unknown) => cause));
			expect(error).toMatch(message);
			expect(error).not.toContain(first.d);
		}
	});
});
