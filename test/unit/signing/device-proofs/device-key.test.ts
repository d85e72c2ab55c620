// Which public keys a device may have, and that a point off its curve is none.
import { describe, expect, it } from "vitest";
import type { DevicePublicKey } from "../../../../src/entitlement/devices/device-record.ts";
import { importDeviceKey, isSameKey, parseDevicePublicKey } from "../../../../src/signing/device-proofs/device-key.ts";
import { makeDeviceKey, withOtherCharacterAt } from "../signing-fixtures.ts";

const { jwk: p256 } = await makeDeviceKey("ES256");
const { jwk: ed25519 } = await makeDeviceKey("Ed25519");

describe("device keys", () => {
	it.each([
		["P-256", p256, { alg: "ES256", kid: "mine", use: "sig", key_ops: ["verify"], ext: true }],
		["Ed25519", ed25519, { alg: "EdDSA", use: "sig" }],
		["P-256", p256, { x5u: "https://attacker.example", x5c: ["MIIB"], "x5t#S256": "AAAA", iat: 1, of_our_own: {} }],
	])("reads a %s key down to the members that are the key", (_, jwk, metadata) => {
		expect(parseDevicePublicKey({ ...metadata, ...jwk })).toEqual(jwk);
	});

	it.each([
		["a private part", { ...p256, d: p256.x }],
		["a symmetric part", { ...p256, k: p256.x }],
		["a part of an RSA key's secret", { ...ed25519, qi: "AAAA" }],
		["a symmetric key", { kty: "oct", k: p256.x }],
		["an RSA key", { kty: "RSA", n: "AQAB", e: "AQAB" }],
		["another curve", { ...p256, crv: "P-384" }],
		["X25519", { ...ed25519, crv: "X25519" }],
		["the algorithm of another key type", { ...p256, alg: "EdDSA" }],
		["a symmetric algorithm", { ...p256, alg: "HS256" }],
		["a key for encryption", { ...p256, use: "enc" }],
		["a short coordinate", { ...p256, x: "AAAA" }],
		["a padded coordinate", { ...p256, x: `${p256.x}=` }],
		["null", null],
		["an array", [p256]],
		["a string", JSON.stringify(p256)],
	])("does not take %s", (_, jwk) => {
		expect(parseDevicePublicKey(jwk)).toBeNull();
	});

	it("cannot import a point that is not on the curve", async () => {
		const offCurve: DevicePublicKey = { kty: "EC", crv: "P-256", x: p256.x, y: p256.x };
		expect(parseDevicePublicKey(offCurve)).toEqual(offCurve);
		await expect(importDeviceKey(offCurve)).rejects.toThrow(DOMException);
	});
});

describe("two keys", () => {
	const EC: DevicePublicKey = { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "C".repeat(43) };
	const OKP: DevicePublicKey = { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) };

	it("are the same with the same members", () => {
		expect([isSameKey(EC, { ...EC }), isSameKey(OKP, { ...OKP })]).toEqual([true, true]);
	});

	it.each([
		["the last character of x", EC, { ...EC, x: withOtherCharacterAt(EC.x, 42) }],
		["the last character of y", EC, { ...EC, y: withOtherCharacterAt("C".repeat(43), 42) }],
		["the last character of an Ed25519 key", OKP, { ...OKP, x: withOtherCharacterAt(OKP.x, 42) }],
		["their type", EC, OKP],
	] as const)("differ in %s", (_, one, two) => {
		expect([isSameKey(one, two), isSameKey(two, one)]).toEqual([false, false]);
	});
});
