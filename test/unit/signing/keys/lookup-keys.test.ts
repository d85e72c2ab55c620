// Keyed hashes of secrets and pseudonyms of devices. Their values are pinned, because stored rows depend on them.
import { beforeAll, describe, expect, it } from "vitest";
import {
	hashSecret,
	importLookupKeys,
	type LookupKeys,
	pseudonymOf,
	pseudonymPeriod,
} from "../../../../src/signing/keys/lookup-keys.ts";
import { DEVICE_ID, OTHER_SECRET, SECRET } from "../signing-fixtures.ts";

let keys: LookupKeys;
let otherKeys: LookupKeys;
beforeAll(async () => {
	keys = await importLookupKeys(SECRET);
	otherKeys = await importLookupKeys(OTHER_SECRET);
});

describe("lookup keys", () => {
	// Stored under these names: a change here orphans every code and key that was ever given out.
	it("pins the hash of a code and of an API key", async () => {
		expect(await hashSecret(keys, "code", "0".repeat(36))).toMatchInlineSnapshot(
			`"CrYfCa1nmSN0CE2k804sp5vzqZwydreuOKPXmbfjxcU"`,
		);
		expect(await hashSecret(keys, "key", `pk_${"0".repeat(32)}`)).toMatchInlineSnapshot(
			`"phQrblVqg43IJK51WgOuAHWTMj5uNTXVnxU-3FjCUk8"`,
		);
	});

	it("hashes by kind and by key", async () => {
		const hash = await hashSecret(keys, "code", "x");
		expect(hash).toMatch(/^[A-Za-z0-9_-]{43}$/);
		expect(await hashSecret(keys, "key", "x")).not.toBe(hash);
		expect(await hashSecret(otherKeys, "code", "x")).not.toBe(hash);
	});

	it("gives a device one pseudonym a month", async () => {
		const pseudonym = await pseudonymOf(keys, DEVICE_ID, "2026-11");
		expect(pseudonym).toMatch(/^[A-Za-z0-9_-]{16}$/);
		expect(await pseudonymOf(keys, DEVICE_ID, "2026-11")).toBe(pseudonym);
		expect(await pseudonymOf(keys, DEVICE_ID, "2026-12")).not.toBe(pseudonym);
		expect(await pseudonymOf(keys, `${DEVICE_ID}x`, "2026-11")).not.toBe(pseudonym);
	});

	it("changes the month at midnight UTC", () => {
		const december = Date.UTC(2026, 11, 1) / 1000;
		expect(pseudonymPeriod(december - 1)).toBe("2026-11");
		expect(pseudonymPeriod(december)).toBe("2026-12");
	});

	it.each(["", "AAAA", "A".repeat(42), "not base64url!".repeat(5)])("refuses the secret %j", async (secret) => {
		await expect(importLookupKeys(secret)).rejects.toThrow("LOOKUP_KEY: not base64url of at least 32 bytes");
	});
});
