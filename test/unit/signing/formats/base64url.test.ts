// base64url as the platform has it, but with exactly one text for each byte string.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64url, encodeBase64url } from "../../../../src/signing/formats/base64url.ts";

describe("base64url", () => {
	it("gives back what was encoded, and agrees with the platform", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
				const text = encodeBase64url(bytes);
				expect(text).toBe(Buffer.from(bytes).toString("base64url"));
				expect(decodeBase64url(text)).toEqual(Uint8Array.from(bytes));
			}),
		);
	});

	it("knows one text per byte string: whatever it decodes, it encodes to the same text", () => {
		const texts = fc.string({ unit: fc.constantFrom(..."ABab01-_+/= \n."), maxLength: 12 });
		fc.assert(
			fc.property(texts, (text) => {
				const bytes = decodeBase64url(text);
				if (bytes !== null) expect(encodeBase64url(bytes)).toBe(text);
			}),
			{ numRuns: 1000 },
		);
	});

	it.each([
		["padding", "Zg=="],
		["the other alphabet", "+/+/"],
		["a space inside", "YWJ jZA"],
		["a line feed at the end", "YWJj\n"],
		["a lone last character", "YWJjZ"],
		["stray bits after one byte", "Zh"],
		["stray bits after two bytes", "Zm9"],
		["a letter outside ASCII", "YWJ\u0141"],
		["a NUL", "YWJ\u0000"],
	])("refuses %s", (_, text) => {
		expect(decodeBase64url(text)).toBeNull();
	});
});
