// MACs made in script are the platform's, bit for bit: for texts of every length around a block, of any characters and of some
// KB, under keys of every length, one after the other and out of order.
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMacKey } from "../../../src/signing/hmac-sha256.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const platformMac = (key: Uint8Array, text: string) => createHmac("sha256", key).update(text).digest("hex");
const fromHex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

describe("HMAC-SHA256", () => {
	// RFC 4231 §4.2 to §4.5; its other cases have keys of 131 bytes, which are refused here.
	it.each([
		["0b".repeat(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
		[
			hex(Buffer.from("Jefe")),
			"what do ya want for nothing?",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		],
	])("makes the MACs of RFC 4231 (%#)", (key, text, mac) => {
		expect(hex(createMacKey(fromHex(key)).mac(text))).toBe(mac);
	});

	it("makes the platform's MAC of a text of every length up to five blocks", () => {
		const key = new Uint8Array(32).fill(7);
		const macKey = createMacKey(key);
		for (let length = 0; length <= 320; length++) {
			const text = "a".repeat(length);
			expect(hex(macKey.mac(text)), `${length} characters`).toBe(platformMac(key, text));
		}
	});

	it("makes the platform's MAC under any key of any text", () => {
		const key = fc.uint8Array({ maxLength: 64 });
		const text = fc.string({ unit: fc.oneof(fc.constantFrom("a", "é", "€", "😀", "\ud800", "\0"), fc.string()) });
		fc.assert(
			fc.property(key, text, (bytes, given) => {
				expect(hex(createMacKey(bytes).mac(given))).toBe(platformMac(bytes, given));
			}),
			{ numRuns: 1000 },
		);
	});

	it.each([5_000, 5_436, 5_437, 5_438, 5_440, 16_384, 200_000])("takes %i characters of three bytes each", (length) => {
		const key = new Uint8Array(32).fill(1);
		const text = "€".repeat(length);
		expect(hex(createMacKey(key).mac(text))).toBe(platformMac(key, text));
	});

	it("keeps nothing of one text, or of one key, for the next", () => {
		const keys = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
		const macKeys = keys.map(createMacKey);
		const texts = ["x".repeat(500), "", "x", "y".repeat(64), "x".repeat(55), "x".repeat(56)];
		const kept: [Uint8Array, string][] = [];
		for (const text of texts) {
			for (const [index, key] of keys.entries()) {
				kept.push([macKeys[index]?.mac(text) ?? new Uint8Array(), platformMac(key, text)]);
			}
		}
		for (const [mac, expected] of kept) expect(hex(mac)).toBe(expected);
	});

	it("does not depend on what becomes of the key's bytes, and takes none of more than a block", () => {
		const key = new Uint8Array(64).fill(9);
		const macKey = createMacKey(key);
		const expected = platformMac(key, "text");
		key.fill(0);
		expect(hex(macKey.mac("text"))).toBe(expected);
		expect(() => createMacKey(new Uint8Array(65))).toThrow(RangeError);
	});
});
