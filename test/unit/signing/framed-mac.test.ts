// The MAC over a list of texts: two lists that differ never have the same one, nor have two purposes.
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { deriveHmacKeys } from "../../../src/signing/derived-keys.ts";
import { sealFields, verifyFields } from "../../../src/signing/framed-mac.ts";
import type { MacKey } from "../../../src/signing/hmac-sha256.ts";

let key: MacKey;
let otherKey: MacKey;
beforeAll(async () => {
	[key, otherKey] = await deriveHmacKeys(new Uint8Array(32), ["parapet/one", "parapet/two"]);
});

const field = fc.string({ maxLength: 8 }).filter((text) => !text.includes("\n"));
const fields = fc.array(field, { minLength: 1, maxLength: 4 });

describe("framed MAC", () => {
	it("verifies what it sealed, and nothing else", () => {
		fc.assert(
			fc.property(fields, fields, (sealed, offered) => {
				const mac = sealFields(key, sealed);
				expect(mac).toMatch(/^[A-Za-z0-9_-]{43}$/);
				const isSame = JSON.stringify(sealed) === JSON.stringify(offered);
				// An empty list's text is that of one empty field, which is why a list here is never empty.
				expect(verifyFields(key, offered, mac)).toBe(isSame);
			}),
		);
	});

	it("tells apart lists that read the same when joined without a separator (N33)", () => {
		const mac = sealFields(key, ["/f1", "700"]);
		expect(verifyFields(key, ["/f", "1700"], mac)).toBe(false);
	});

	it("does not let a line feed stand for a frame", () => {
		expect(() => sealFields(key, ["a\nb"])).toThrow(RangeError);
		const mac = sealFields(key, ["a", "b"]);
		expect(verifyFields(key, ["a\nb"], mac)).toBe(false);
	});

	it("keeps purposes apart", () => {
		expect(verifyFields(otherKey, ["a"], sealFields(key, ["a"]))).toBe(false);
	});

	it.each(["", "short", "=".repeat(43), "A".repeat(44), `${"A".repeat(42)}B`])("refuses %s", async (mac) => {
		expect(verifyFields(key, ["a"], mac)).toBe(false);
	});

	it("takes one text for a MAC only: another last character that decodes to the same bytes is refused", () => {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		const mac = sealFields(key, ["a"]);
		const last = alphabet.indexOf(mac.slice(-1));
		expect(last % 4).toBe(0);
		for (const stray of [1, 2, 3]) {
			expect(verifyFields(key, ["a"], mac.slice(0, -1) + alphabet[last + stray])).toBe(false);
		}
	});

	it("makes keys that show nothing of themselves", () => {
		expect(JSON.stringify(key)).toBe("{}");
	});
});
