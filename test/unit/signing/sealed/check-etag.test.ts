// The ETag of a check is a capability: it brings back what was sealed, for its device and until its end, and nothing else
// opens.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { importMacKeyring } from "../../../../src/signing/keys/mac-keyring.ts";
import {
	readCheckEtag,
	type SealedCheck,
	sealCheckEtag,
	verifyCheckEtag,
} from "../../../../src/signing/sealed/check-etag.ts";
import { DEVICE_ID, NOW, OTHER_SECRET, PSEUDONYM, SECRET, withOtherCharacterAt } from "../signing-fixtures.ts";

const keyring = await importMacKeyring(`k1:${SECRET}`);
const CHECK: SealedCheck = {
	deviceId: DEVICE_ID,
	pseudonym: PSEUDONYM,
	exp: NOW + 600,
	state: "17.4.9",
	query: "?installed=crs@4.27.0",
	binding: "tail-of-the-token",
};
const ETAG = await sealCheckEtag(keyring.current, CHECK);

async function isGood(text: string, changes: Partial<SealedCheck & { now: number }> = {}, ring = keyring) {
	const etag = readCheckEtag(text);
	return etag !== null && verifyCheckEtag(ring, etag, { ...CHECK, now: NOW, ...changes });
}

describe("ETag of a check", () => {
	it("is a weak entity tag that says whose it is", async () => {
		expect(ETAG).toMatch(/^W\/"k1\.[0-9a-z]{6}\.dev-[\w-]{27}\.[\w-]{16}\.[\w-]{43}"$/);
		expect(readCheckEtag(ETAG)).toMatchObject({ kid: "k1", exp: NOW + 600, deviceId: DEVICE_ID, pseudonym: PSEUDONYM });
		expect(await isGood(ETAG)).toBe(true);
	});

	it("may come back as a strong one", async () => {
		expect(await isGood(ETAG.slice("W/".length))).toBe(true);
	});

	it.each([
		["a later expiry", ETAG.replace((NOW + 600).toString(36), (NOW + 601).toString(36))],
		["another device", ETAG.replace(DEVICE_ID, DEVICE_ID.replace("s", "t"))],
		["another pseudonym", ETAG.replace(PSEUDONYM, [...PSEUDONYM].reverse().join(""))],
	])("cannot be given %s", async (_, text) => {
		expect(readCheckEtag(text)).not.toBeNull();
		expect(await isGood(text)).toBe(false);
	});

	it.each([
		["state", { state: "17.4.10" }],
		["query", { query: "?installed=crs@4.28.0" }],
		["binding", { binding: "another-token" }],
		["state that swallows the query", { state: "17.4.9\n?installed=crs@4.27.0", query: "" }],
	])("is worth nothing under another %s", async (_, changes) => {
		expect(await isGood(ETAG, changes)).toBe(false);
	});

	it.each([
		[NOW + 599, true],
		[NOW + 600, false],
	])("is good until exp, exclusive: at %i", async (now, expected) => {
		expect(await isGood(ETAG, { now })).toBe(expected);
	});

	it("survives a new key in front, not the loss of its own", async () => {
		expect(await isGood(ETAG, {}, await importMacKeyring(`k2:${OTHER_SECRET},k1:${SECRET}`))).toBe(true);
		expect(await isGood(ETAG, {}, await importMacKeyring(`k2:${OTHER_SECRET}`))).toBe(false);
		expect(await isGood(ETAG, {}, await importMacKeyring(`k1:${OTHER_SECRET}`))).toBe(false);
	});

	it("fails if any character is another", async () => {
		for (let index = 0; index < ETAG.length; index++) {
			expect(await isGood(withOtherCharacterAt(ETAG, index)), `character ${index}`).toBe(false);
		}
	});

	it.each([
		"",
		"*",
		'""',
		`${ETAG}, "x"`,
		`"x", ${ETAG}`,
		`w/${ETAG}`,
		ETAG.slice(1),
		ETAG.slice(0, -1),
		ETAG.replace("k1.", "k1." + "0"),
		ETAG.replace("k1.", "k1.-"),
		ETAG.replace("k1.", "k1k1k1k1k."),
		ETAG.replace("k1.", "."),
		'".".........',
		"x".repeat(10_000),
	])("reads nothing good in %.40s", async (text) => {
		expect(await isGood(text)).toBe(false);
	});

	it("brings back whatever was sealed", async () => {
		const line = fc.string({ maxLength: 40 }).filter((text) => !text.includes("\n"));
		const checks = fc.record({
			exp: fc.integer({ min: NOW + 1, max: 2 ** 40 }),
			state: line,
			query: line,
			binding: line,
		});
		await fc.assert(
			fc.asyncProperty(checks, async (check) => {
				expect(await isGood(await sealCheckEtag(keyring.current, { ...CHECK, ...check }), check)).toBe(true);
			}),
		);
	});

	it("never throws, whatever the header", () => {
		fc.assert(
			fc.property(fc.string({ maxLength: 120 }), (text) => void readCheckEtag(`"${text}"`)),
			{ numRuns: 2000 },
		);
	});
});
