// The MAC over a list of texts: two lists that differ never have the same one, nor have two purposes.
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { deriveHmacKeys } from "../../../../src/signing/keys/derived-keys.ts";
import { sealFields, verifyFields } from "../../../../src/signing/sealed/framed-mac.ts";

let key: CryptoKey;
let otherKey: CryptoKey;
beforeAll(async () => {
	[key, otherKey] = await deriveHmacKeys(new Uint8Array(32), ["parapet/one", "parapet/two"]);
});

const field = fc.string({ maxLength: 8 }).filter((text) => !text.includes("\n"));
const fields = fc.array(field, { minLength: 1, maxLength: 4 });

describe("framed MAC", () => {
	it("verifies what it sealed, and nothing else", async () => {
		await fc.assert(
			fc.asyncProperty(fields, fields, async (sealed, offered) => {
				const mac = await sealFields(key, sealed);
				expect(mac).toMatch(/^[A-Za-z0-9_-]{43}$/);
				const isSame = JSON.stringify(sealed) === JSON.stringify(offered);
				// An empty list's text is that of one empty field, which is why a list here is never empty.
				expect(await verifyFields(key, offered, mac)).toBe(isSame);
			}),
		);
	});

	it("tells apart lists that read the same when joined without a separator (N33)", async () => {
		const mac = await sealFields(key, ["/f1", "700"]);
		expect(await verifyFields(key, ["/f", "1700"], mac)).toBe(false);
	});

	it("does not let a line feed stand for a frame", async () => {
		await expect(sealFields(key, ["a\nb"])).rejects.toThrow(RangeError);
		const mac = await sealFields(key, ["a", "b"]);
		expect(await verifyFields(key, ["a\nb"], mac)).toBe(false);
	});

	it("keeps purposes apart", async () => {
		expect(await verifyFields(otherKey, ["a"], await sealFields(key, ["a"]))).toBe(false);
	});

	it.each(["", "short", "=".repeat(43), "A".repeat(44), `${"A".repeat(42)}B`])("refuses %s", async (mac) => {
		expect(await verifyFields(key, ["a"], mac)).toBe(false);
	});

	it("takes one text for a MAC only: another last character that decodes to the same bytes is refused", async () => {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		const mac = await sealFields(key, ["a"]);
		const last = alphabet.indexOf(mac.slice(-1));
		expect(last % 4).toBe(0);
		for (const stray of [1, 2, 3]) {
			expect(await verifyFields(key, ["a"], mac.slice(0, -1) + alphabet[last + stray])).toBe(false);
		}
	});

	it("makes keys that cannot be taken out", async () => {
		expect(key.extractable).toBe(false);
		await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
	});
});
