// Ids and auth codes: their form, the check by which the service knows its own, and how garbage is told from them.
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
	accountObjectName,
	DEVICE_ID_LENGTH,
	formatCode,
	ID_RANDOM_BYTES,
	isKeyId,
	isLicenseId,
	isMessageId,
	mintAccountId,
	mintApiKey,
	mintCode,
	mintCodeId,
	mintDeviceId,
	mintKeyId,
	mintLicenseId,
	mintMessageId,
	parseAccountId,
	parseApiKey,
	parseCode,
	parseDeviceId,
} from "../../../src/entitlement/ids.ts";
import { importLookupKeys, type LookupKeys } from "../../../src/signing/keys/lookup-keys.ts";

const RANDOM = Uint8Array.from({ length: ID_RANDOM_BYTES }, (_, index) => index);

let keys: LookupKeys;
let otherKeys: LookupKeys;
let account: string;
let device: string;
let code: string;
let apiKey: string;
beforeAll(async () => {
	keys = await importLookupKeys("A".repeat(43));
	otherKeys = await importLookupKeys("B".repeat(44));
	account = await mintAccountId(keys, RANDOM);
	device = await mintDeviceId(keys, account, RANDOM);
	code = await mintCode(keys, account, RANDOM);
	apiKey = await mintApiKey(keys, RANDOM);
});

describe("minted ids", () => {
	// Given out and stored for years: a change here makes strangers of every account, device, code and key.
	it("keep their form and their check", () => {
		expect([account, device, code, apiKey]).toMatchInlineSnapshot(`
			[
			  "acct-01234567892whhj4",
			  "dev-0123456789-01234567892jksb4",
			  "01234567890123456789abcdefghjkffs5sc",
			  "pk_0123456789abcdefghjkmnpqrsfyeabd",
			]
		`);
		expect(mintLicenseId(RANDOM)).toBe("lic-01234567");
		expect(mintCodeId(RANDOM)).toBe("code-01234567");
		expect(mintKeyId(RANDOM)).toBe("key-01234567");
		expect(isKeyId("key-01234567")).toBe(true);
		expect(mintMessageId(RANDOM)).toBe("msg-01234567");
		expect(device).toHaveLength(DEVICE_ID_LENGTH);
	});

	it("are recognised, and name the object of their account", async () => {
		const objectName = "0123456789";
		expect(await parseAccountId(keys, account)).toEqual({ id: account, objectName });
		expect(await parseDeviceId(keys, device)).toEqual({ id: device, objectName });
		expect(await parseCode(keys, code)).toEqual({ code, objectName });
		expect(await parseApiKey(keys, apiKey)).toEqual({ key: apiKey });
		for (const id of [account, device, code]) expect(accountObjectName(id)).toBe(objectName);
	});

	it("are recognised whatever the random bytes", async () => {
		const random = fc.uint8Array({ minLength: ID_RANDOM_BYTES, maxLength: ID_RANDOM_BYTES });
		await fc.assert(
			fc.asyncProperty(random, random, async (one, two) => {
				const owner = await mintAccountId(keys, one);
				expect(await parseAccountId(keys, owner)).not.toBeNull();
				expect(await parseDeviceId(keys, await mintDeviceId(keys, owner, two))).not.toBeNull();
				expect(await parseCode(keys, formatCode(await mintCode(keys, owner, two)))).not.toBeNull();
				expect(await parseApiKey(keys, await mintApiKey(keys, two))).not.toBeNull();
				expect(isLicenseId(mintLicenseId(one)) && isMessageId(mintMessageId(one))).toBe(true);
			}),
		);
	});

	it("need enough random bytes", async () => {
		await expect(mintApiKey(keys, RANDOM.subarray(1))).rejects.toThrow(RangeError);
	});

	it("are garbage under another key", async () => {
		expect(await parseAccountId(otherKeys, account)).toBeNull();
		expect(await parseDeviceId(otherKeys, device)).toBeNull();
		expect(await parseCode(otherKeys, code)).toBeNull();
		expect(await parseApiKey(otherKeys, apiKey)).toBeNull();
	});

	it("are garbage with any other character, anywhere", async () => {
		const otherAt = (text: string, at: number) =>
			text.slice(0, at) + (text[at] === "z" ? "y" : "z") + text.slice(at + 1);
		for (let at = 0; at < 36; at++) {
			if (at < account.length) expect(await parseAccountId(keys, otherAt(account, at))).toBeNull();
			if (at < device.length) expect(await parseDeviceId(keys, otherAt(device, at))).toBeNull();
			if (at < apiKey.length) expect(await parseApiKey(keys, otherAt(apiKey, at))).toBeNull();
			expect(await parseCode(keys, otherAt(code, at))).toBeNull();
		}
	});
});

describe("auth codes as people type them", () => {
	it("are shown in nine groups of four", () => {
		expect(formatCode(code)).toMatch(/^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/);
	});

	it("ignore case, hyphens and the usual misreadings", async () => {
		const shown = formatCode(code);
		for (const text of [shown, shown.toLowerCase(), shown.replaceAll("-", ""), `-${shown}-`]) {
			expect(await parseCode(keys, text), text).toMatchObject({ code });
		}
		const misread = shown.replace("0", "O").replace("1", "I").replace("1", "l").replaceAll("0", "o");
		expect(await parseCode(keys, misread)).toMatchObject({ code });
	});

	it("are not found in anything else", async () => {
		for (const text of [
			"",
			code.slice(1),
			`${code}0`,
			`${code} `,
			code.replace("0", "u"),
			"-".repeat(73),
			"x".repeat(1e6),
		]) {
			expect(await parseCode(keys, text)).toBeNull();
		}
	});
});

describe("garbage ids (N25)", () => {
	it("is told from its form", async () => {
		const garbage = [
			"",
			"*",
			"..",
			"a:b",
			"%2e%2e",
			"\u0000",
			"x".repeat(513),
			"acct-\u{1f600}",
			"dev-",
			"acct-../../../../etc/p",
		];
		const almost = [` ${account}`, `${account}\n`, account.toUpperCase(), device.toUpperCase(), apiKey.toUpperCase()];
		for (const text of [...garbage, ...almost]) {
			expect(await parseAccountId(keys, text)).toBeNull();
			expect(await parseDeviceId(keys, text)).toBeNull();
			expect(await parseApiKey(keys, text)).toBeNull();
			expect(isLicenseId(text) || isMessageId(text) || isKeyId(text)).toBe(false);
		}
		for (const text of [...garbage, ` ${account}`, apiKey]) expect(() => accountObjectName(text)).toThrow(TypeError);
	});

	it("is not one kind of id taken for another", async () => {
		expect(await parseDeviceId(keys, account)).toBeNull();
		expect(await parseAccountId(keys, device)).toBeNull();
		expect(await parseApiKey(keys, `pk_${code.slice(0, 32)}`)).toBeNull();
		expect(isLicenseId("msg-01234567") || isMessageId("lic-01234567") || isKeyId("pk_01234567")).toBe(false);
	});
});
