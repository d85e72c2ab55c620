// ES256 signatures that look almost right, after the cases of Wycheproof's ECDSA P1363 suite: every number at and around zero
// and the group's order, and every length but 64. A verifier that reduces, pads or guesses the encoding fails here.
import { describe, expect, it } from "vitest";
import { encodeBase64url } from "../../src/signing/formats/base64url.ts";
import { type CompactJws, hasGoodSignature } from "../../src/signing/formats/compact-jws.ts";
import { makeDeviceKey } from "../unit/signing/signing-fixtures.ts";

/** Order of P-256 and the prime of its field (SEC 2, §2.4.2). */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const INPUT = "eyJhbGciOiJFUzI1NiJ9.e30";

const device = await makeDeviceKey("ES256");
const signature = new Uint8Array(
	await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, device.privateKey, new TextEncoder().encode(INPUT)),
);
const hex = Buffer.from(signature).toString("hex");
const r = BigInt(`0x${hex.slice(0, 64)}`);
const s = BigInt(`0x${hex.slice(64)}`);

const jwsWith = (bytes: Uint8Array): CompactJws => ({
	text: `${INPUT}.${encodeBase64url(bytes)}`,
	alg: "ES256",
	header: {},
	claims: {},
});
const fromHex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const join = (one: bigint, two: bigint) =>
	fromHex(one.toString(16).padStart(64, "0") + two.toString(16).padStart(64, "0"));
const derInteger = (number: bigint) => {
	const digits = number.toString(16);
	const text = `00${digits.padStart(digits.length + (digits.length % 2), "0")}`.replace(/^00(?=[0-7])/, "");
	return `02${(text.length / 2).toString(16).padStart(2, "0")}${text}`;
};
const derBody = derInteger(r) + derInteger(s);
const der = fromHex(`30${(derBody.length / 2).toString(16).padStart(2, "0")}${derBody}`);

describe("ES256", () => {
	it("takes the good signature, and its mirror image, which is as good", async () => {
		expect(await hasGoodSignature(jwsWith(join(r, s)), device.key)).toBe(true);
		expect(await hasGoodSignature(jwsWith(join(r, N - s)), device.key)).toBe(true);
	});

	const numbers = {
		zero: 0n,
		one: 1n,
		"n - 1": N - 1n,
		n: N,
		"n + 1": N + 1n,
		p: P,
		"p + 1": P + 1n,
		most: 2n ** 256n - 1n,
	};
	const pairs = Object.entries(numbers).flatMap(([name, number]) =>
		Object.entries(numbers).map(([other, second]) => [name, other, number, second] as const),
	);
	it.each(pairs)("refuses r = %s, s = %s", async (_, __, one, two) => {
		expect(await hasGoodSignature(jwsWith(join(one, two)), device.key)).toBe(false);
	});

	it.each([
		["s = n", join(r, N)],
		["s = 0", join(r, 0n)],
		["r = 0", join(0n, s)],
		["r = n", join(N, s)],
		["-r", join(N - r, s)],
		["r and s swapped", join(s, r)],
		["the ASN.1 form", der],
		["63 bytes", signature.subarray(1)],
		["65 bytes, zero in front", fromHex(`00${hex}`)],
		["65 bytes, zero behind", fromHex(`${hex}00`)],
		["66 bytes, a zero before each number", fromHex(`00${hex.slice(0, 64)}00${hex.slice(64)}`)],
		["r + n in 33 bytes each", fromHex((r + N).toString(16).padStart(66, "0") + s.toString(16).padStart(66, "0"))],
		["r alone", signature.subarray(0, 32)],
		["nothing", new Uint8Array(0)],
	])("refuses %s", async (_, bytes) => {
		expect(await hasGoodSignature(jwsWith(bytes), device.key)).toBe(false);
	});
});
