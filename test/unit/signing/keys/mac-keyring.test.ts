// MAC_KEYS: the first key seals and all open, each purpose has a key of its own, and a bad set is refused by name.
import { describe, expect, it } from "vitest";
import { importMacKeyring, parseMacKeys } from "../../../../src/signing/keys/mac-keyring.ts";
import { OTHER_SECRET, SECRET } from "../signing-fixtures.ts";

describe("MAC_KEYS", () => {
	it("signs with the first key and knows every key", async () => {
		const keyring = await importMacKeyring(`new1:${SECRET}, old1:${OTHER_SECRET}`);
		expect(keyring.current.kid).toBe("new1");
		expect([...keyring.byKid.keys()]).toEqual(["new1", "old1"]);
		expect(keyring.byKid.get("new1")).toBe(keyring.current);
	});

	it("makes another key for each purpose and kid, though the secret is the same", async () => {
		const { byKid } = await importMacKeyring(`k1:${SECRET},k2:${SECRET}`);
		const macs = new Set<string>();
		for (const { token, url, capability, etag, registration } of byKid.values()) {
			for (const key of [token, url, capability, etag, registration]) {
				const mac = await crypto.subtle.sign("HMAC", key, new Uint8Array(1));
				macs.add(Buffer.from(mac).toString("hex"));
			}
		}
		expect(macs.size).toBe(10);
	});

	it.each([
		["nothing", "", /entry 1 is not "kid:secret"/],
		["a trailing comma", `k1:${SECRET},`, /entry 2 is not "kid:secret"/],
		["a third part", `k1:${SECRET}:x`, /entry 1 is not/],
		["kid and secret swapped", `${SECRET}:k1`, /entry 1: a kid is/],
		["an upper-case kid", `K1:${SECRET}`, /entry 1: a kid is/],
		["a kid of nine", `abcdefghi:${SECRET}`, /entry 1: a kid is/],
		["a kid given twice", `k1:${SECRET},k1:${OTHER_SECRET}`, /given twice/],
		["31 bytes", `k1:${"A".repeat(42)}`, /entry 1: the secret/],
		["padding", `k1:${SECRET}=`, /entry 1: the secret/],
		["stray last bits", `k1:${"A".repeat(42)}B`, /entry 1: the secret/],
	])("refuses %s, and shows no secret", async (_, spec, message) => {
		expect(() => parseMacKeys(spec)).toThrow(message);
		const error = await importMacKeyring(spec).catch((cause: unknown) => cause);
		expect(String(error)).toMatch(/MAC_KEYS/);
		expect(String(error)).not.toMatch(/A{10}/);
	});
});
