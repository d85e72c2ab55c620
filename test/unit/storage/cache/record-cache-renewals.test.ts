// What becomes of a copy whose renewal ends otherwise than with a newer record: never, with nothing, or after others.
import { beforeEach, describe, expect, it } from "vitest";
import { createRecordCache, type RecordCache } from "../../../../src/storage/cache/record-cache.ts";
import type { RecordKind } from "../../../../src/storage/record-kind.ts";
import type { FoundRecord } from "../../../../src/storage/record-store.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import { PLAIN_SEAL, sealedReader } from "../../../support/stand-ins/plain-seal.ts";

const KEY = "device:dev-a";
const NOW = 1_800_000_000_000;
const SECOND = 1_000;

const text: RecordKind<string> = { parse: String, freshSeconds: 10, staleSeconds: 60, lastGoodSeconds: 0 };

let store: FakeRecordStore;
let owned: Map<string, FoundRecord>;
let cache: RecordCache;
let background: Promise<unknown>[];

const scopeAt = (nowMs: number) => ({ nowMs, waitUntil: (work: Promise<unknown>) => background.push(work) });
const get = (key: string, nowMs: number, kind = text) =>
	cache.get(key, kind, { ...scopeAt(nowMs), noteLastGood: () => {} });
const settle = async () => {
	await Promise.all(background.splice(0));
};
const timersOfNobody = { nowMs: () => NOW, after: () => () => {} };

beforeEach(() => {
	store = new FakeRecordStore();
	owned = new Map();
	background = [];
	const origin = { read: async (key: string) => owned.get(key) ?? null };
	// As at the edge, where the timers of a request that was cancelled never run.
	cache = createRecordCache({
		store: sealedReader(store),
		seal: PLAIN_SEAL,
		origin,
		maxBytes: 1_000,
		clock: timersOfNobody,
	});
});

it("a renewal that was cancelled with its request is made by who asks ten seconds later, and by nobody before", async () => {
	await store.put(KEY, { version: 1, body: "one" });
	await get(KEY, NOW);
	store.break("hang");
	expect(await get(KEY, NOW + 10 * SECOND)).toBe("one");
	expect(await get(KEY, NOW + 20 * SECOND - 1)).toBe("one");
	expect(store.gets).toHaveLength(2);
	store.repair();
	await store.put(KEY, { version: 2, body: "two" });
	background.length = 0;
	expect(await get(KEY, NOW + 20 * SECOND)).toBe("one");
	await settle();
	expect(await get(KEY, NOW + 20 * SECOND)).toBe("two");
});

it("a renewal that finds no record ends the copy at once, though it could be given for long still", async () => {
	await store.put(KEY, { version: 1, body: "one" });
	await get(KEY, NOW);
	store.texts.clear();
	expect(await get(KEY, NOW + 10 * SECOND)).toBe("one");
	await settle();
	expect(await get(KEY, NOW + 10 * SECOND + 1)).toBeNull();
});

describe("a record that comes into being", () => {
	it("is asked for each time, where no copy may be kept", async () => {
		const truth = { ...text, freshSeconds: 0, staleSeconds: 0 };
		expect(await get(KEY, NOW, truth)).toBeNull();
		await store.put(KEY, { version: 1, body: "one" });
		expect(await get(KEY, NOW, truth)).toBe("one");
	});

	it("is not absent again when it has to give way to others", async () => {
		expect(await get(KEY, NOW)).toBeNull();
		owned.set(KEY, { version: 1, body: "one", bytes: 40 });
		expect(await cache.getFromOwner(KEY, text, { ...scopeAt(NOW), noteLastGood: () => {} })).toBe("one");
		for (const other of ["b", "c", "d", "e", "f"]) {
			await store.put(`device:${other}`, { version: 1, body: other.repeat(100) });
			await get(`device:${other}`, NOW);
		}
		expect(await get(KEY, NOW + 1)).toBe("one");
	});
});

it("a copy that was read again and found the same is good for as long as a new one", async () => {
	await store.put(KEY, { version: 1, body: "one" });
	await get(KEY, NOW);
	await get(KEY, NOW + 60 * SECOND);
	await settle();
	store.break("before");
	expect(await get(KEY, NOW + 129 * SECOND)).toBe("one");
	await settle();
});
