// Records with a seal: what is written is what is read, and nothing that somebody else puts into a store counts.
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { importMacKeyring } from "../../../src/signing/keys/mac-keyring.ts";
import { createRecordSeal } from "../../../src/signing/sealed/record-seal.ts";
import { createRecordCache, type RecordCache } from "../../../src/storage/cache/record-cache.ts";
import type { RecordKind } from "../../../src/storage/record-kind.ts";
import { type FoundRecord, formatRecord, parseRecord, type StoredRecord } from "../../../src/storage/record-store.ts";
import {
	createSealedStore,
	HEADS_LIFE_SECONDS,
	openRecord,
	RECORD_LIFE_SECONDS,
	sealRecord,
} from "../../../src/storage/sealed-records.ts";
import { FakeRecordStore } from "../../support/stand-ins/fake-record-store.ts";

const KEYS = `k1:${"A".repeat(43)}`;
const OTHER_SECRET = `${"B".repeat(42)}A`;
const NOW = 1_800_000_000;
const KEY = "device:dev-a";
const seal = createRecordSeal(await importMacKeyring(KEYS));
const found = (key: string, record: StoredRecord): FoundRecord => parseRecord(key, formatRecord(key, record));
const sealed = async (key: string, record: StoredRecord) => found(key, await sealRecord(seal, key, record, NOW));

describe("a sealed record", () => {
	it("has this form, which is stored", async () => {
		const text = formatRecord(KEY, await sealRecord(seal, KEY, { version: 3, body: { status: "active" } }, NOW));
		expect(text).toBe(
			`{"key":"${KEY}","version":3,"body":{"kid":"k1","until":${NOW + RECORD_LIFE_SECONDS},"mac":"${/"mac":"([\w-]{43})"/.exec(text)?.[1]}","content":{"status":"active"}}}`,
		);
	});

	it("gives back any body", async () => {
		await fc.assert(
			fc.asyncProperty(fc.jsonValue(), fc.nat(), async (body, version) => {
				const opened = await openRecord(seal, KEY, await sealed(KEY, { version, body }));
				expect(opened).toMatchObject({ version, until: NOW + RECORD_LIFE_SECONDS });
				expect(opened.body).toEqual(JSON.parse(JSON.stringify(body)));
			}),
			{ numRuns: 50 },
		);
	});

	it("ends: `heads` soon, a device late, a revision never", async () => {
		const until = async (key: string) =>
			(await openRecord(seal, key, await sealed(key, { version: 1, body: 1 }))).until;
		expect(await until("heads")).toBe(NOW + HEADS_LIFE_SECONDS);
		expect(await until(KEY)).toBe(NOW + RECORD_LIFE_SECONDS);
		expect(await until("ha:hag-a")).toBe(NOW + RECORD_LIFE_SECONDS);
		expect(await until("product:crs@7")).toBeNull();
	});

	it("counts by each key of the ring, and no longer once its key is gone", async () => {
		const record = await sealed(KEY, { version: 1, body: "a" });
		const rotated = createRecordSeal(await importMacKeyring(`k2:${OTHER_SECRET},${KEYS}`));
		expect((await openRecord(rotated, KEY, record)).body).toBe("a");
		const replaced = createRecordSeal(await importMacKeyring(`k2:${OTHER_SECRET}`));
		await expect(openRecord(replaced, KEY, record)).rejects.toMatchObject({ code: "forged" });
		const sameKid = createRecordSeal(await importMacKeyring(`k1:${OTHER_SECRET}`));
		await expect(openRecord(sameKid, KEY, record)).rejects.toMatchObject({ code: "forged" });
	});

	type Sealed = { kid: string; until: number | null; mac: string; content: unknown };
	it.each<[string, (body: Sealed, record: FoundRecord) => FoundRecord, string]>([
		["another body", (body, record) => ({ ...record, body: { ...body, content: "b" } }), "forged"],
		["a higher version", (_, record) => ({ ...record, version: 9 }), "forged"],
		["a later end", (body, record) => ({ ...record, body: { ...body, until: NOW * 2 } }), "forged"],
		["no end", (body, record) => ({ ...record, body: { ...body, until: null } }), "forged"],
		["an unknown key id", (body, record) => ({ ...record, body: { ...body, kid: "k9" } }), "forged"],
		["a MAC cut short", (body, record) => ({ ...record, body: { ...body, mac: body.mac.slice(1) } }), "forged"],
		["no MAC", ({ mac: _, ...body }, record) => ({ ...record, body }), "malformed"],
		[
			"an end that is a text",
			(body, record) => ({ ...record, body: { ...body, until: "never" as never } }),
			"malformed",
		],
		["no seal at all", ({ content }, record) => ({ ...record, body: content }), "malformed"],
	])("with %s is refused", async (_, change, code) => {
		const record = await sealed(KEY, { version: 1, body: "a" });
		await expect(openRecord(seal, KEY, change(record.body as Sealed, record))).rejects.toMatchObject({ code });
	});

	it("under another key is refused: nobody becomes another device", async () => {
		const record = await sealed("device:dev-b", { version: 1, body: "b" });
		await expect(openRecord(seal, KEY, record)).rejects.toMatchObject({ code: "forged" });
	});
});

describe("an isolate, and a thief who may write to the store", () => {
	const KIND: RecordKind<unknown> = {
		parse: (body) => body,
		freshSeconds: 10,
		staleSeconds: 0,
		lastGoodSeconds: 86_400,
	};
	const LIFE_MS = RECORD_LIFE_SECONDS * 1_000;
	let store: FakeRecordStore;
	let owned: StoredRecord | null;
	let isOwnerDown: boolean;
	let cache: RecordCache;
	let lastGood: number[];

	const newCache = () =>
		createRecordCache({
			store,
			seal,
			maxBytes: 100_000,
			origin: {
				read: async () => {
					if (isOwnerDown) throw new Error("the owner is down");
					return owned && { ...owned, bytes: 10 };
				},
			},
		});
	const read = (afterMs = 0) =>
		cache.get(KEY, KIND, {
			nowMs: NOW * 1_000 + afterMs,
			waitUntil: () => {},
			noteLastGood: (readMs) => lastGood.push(readMs),
		});
	const write = (record: StoredRecord) =>
		createSealedStore(store, seal, { nowMs: () => NOW * 1_000, after: () => () => {} }).put(KEY, record);

	beforeEach(() => {
		store = new FakeRecordStore();
		[owned, isOwnerDown, lastGood] = [null, false, []];
		cache = newCache();
	});

	it("asks the owner where the store's record is forged", async () => {
		await write({ version: 1, body: "true" });
		store.texts.set(KEY, (store.texts.get(KEY) ?? "").replace('"true"', '"false"'));
		owned = { version: 1, body: "true" };
		expect(await read()).toBe("true");
	});

	it.each([
		["of a version that is never reached", (text: string) => text.replace('"version":1', `"version":${2 ** 53 - 1}`)],
		["that is another record's", () => formatRecord("device:dev-b", { version: 9, body: "b" })],
		["without a seal", () => formatRecord(KEY, { version: 9, body: "false" })],
	])("has its forged record %s replaced with the next write", async (_, forge) => {
		await write({ version: 1, body: "true" });
		store.ordered = false;
		store.texts.set(KEY, forge(store.texts.get(KEY) ?? ""));
		expect(await write({ version: 2, body: "truer" })).toBe("stored");
		expect(store.versionOf(KEY)).toBe(2);
	});

	it("has what was sealed right stay where a later version of it is there", async () => {
		await write({ version: 5, body: "true" });
		store.ordered = false;
		expect(await write({ version: 4, body: "older" })).toBe("superseded");
		expect(store.deletes).toEqual([]);
	});

	it("takes no forged record although nobody else can be asked", async () => {
		store.texts.set(KEY, formatRecord(KEY, { version: 1, body: "false" }));
		isOwnerDown = true;
		await expect(read()).rejects.toThrow();
	});

	it("believes an old record that is put back until its end, and then asks its owner", async () => {
		await write({ version: 1, body: "active" });
		owned = { version: 2, body: "revoked" };
		expect(await read(LIFE_MS - 1)).toBe("active");
		cache = newCache();
		expect(await read(LIFE_MS)).toBe("revoked");
	});

	it("is not kept at one version by a store that shows it for ever", async () => {
		await write({ version: 1, body: "active" });
		expect(await read()).toBe("active");
		owned = { version: 2, body: "revoked" };
		expect(await read(LIFE_MS - 1)).toBe("active");
		expect(await read(LIFE_MS)).toBe("revoked");
		// The old one is there still, and counts no more.
		expect(await read(LIFE_MS + 60_000)).toBe("revoked");
	});

	it("goes on with an ended record while its owner cannot be asked, and says so", async () => {
		await write({ version: 1, body: "active" });
		isOwnerDown = true;
		expect(await read(LIFE_MS + 1_000)).toBe("active");
		expect(lastGood).toEqual([NOW * 1_000 + LIFE_MS]);
	});

	it("verifies a version once, however often it is read", async () => {
		let verified = 0;
		const counting = {
			verify: (...asked: Parameters<typeof seal.verify>) => {
				verified += 1;
				return seal.verify(...asked);
			},
		};
		await write({ version: 1, body: "active" });
		cache = createRecordCache({ store, seal: counting, maxBytes: 100_000, origin: { read: async () => null } });
		for (const ms of [0, 20_000, 40_000]) expect(await read(ms)).toBe("active");
		expect([store.gets.length, verified]).toEqual([3, 1]);
	});
});
