// How long a copy of a record is given without asking, who is asked then, and that an older version never replaces a newer
// one.
import { beforeEach, describe, expect, it } from "vitest";
import { createRecordCache, type RecordCache } from "../../../../src/storage/cache/record-cache.ts";
import type { RecordKind } from "../../../../src/storage/record-kind.ts";
import type { FoundRecord, RecordOrigin } from "../../../../src/storage/record-store.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import { PLAIN_SEAL, sealedReader } from "../../../support/stand-ins/plain-seal.ts";

const KEY = "device:dev-a";
const NOW = 1_800_000_000_000;
const SECOND = 1_000;
const MAX_BYTES = 100_000;

class FakeOrigin implements RecordOrigin {
	readonly records = new Map<string, FoundRecord>();
	readonly reads: string[] = [];
	down = false;
	async read(key: string): Promise<FoundRecord | null> {
		this.reads.push(key);
		if (this.down) throw new Error("the object is overloaded");
		return this.records.get(key) ?? null;
	}
}

let store: FakeRecordStore;
let origin: FakeOrigin;
let cache: RecordCache;
let parses: number;
let background: Promise<unknown>[];
let lastGood: number[];

const text: RecordKind<string> = {
	parse: (body) => {
		parses += 1;
		if (typeof body !== "string") throw new TypeError("not a text");
		return body;
	},
	freshSeconds: 10,
	staleSeconds: 20,
	lastGoodSeconds: 0,
};

const waitUntil = (promise: Promise<unknown>) => {
	background.push(promise);
};
const noteLastGood = (readMs: number) => {
	lastGood.push(readMs);
};
const scopeAt = (nowMs: number) => ({ nowMs, waitUntil, noteLastGood });
const get = (key: string, nowMs: number, kind = text) => cache.get(key, kind, scopeAt(nowMs));
const peek = (key: string, nowMs: number) => cache.peek<string>(key, scopeAt(nowMs));
const found = (version: number, body: unknown): FoundRecord => ({ version, body, bytes: 40 });
const settle = async () => {
	await Promise.all(background.splice(0));
};

beforeEach(() => {
	store = new FakeRecordStore();
	store.ordered = false;
	origin = new FakeOrigin();
	cache = createRecordCache({
		store: sealedReader(store),
		seal: PLAIN_SEAL,
		origin,
		maxBytes: MAX_BYTES,
		flightWaitMs: 5,
		storeTimeoutMs: 5,
	});
	parses = 0;
	background = [];
	lastGood = [];
});

describe("record cache, fresh copies", () => {
	it("reads the store once and answers from memory until the copy is no longer fresh", async () => {
		await store.put(KEY, { version: 1, body: "one" });
		expect(await get(KEY, NOW)).toBe("one");
		expect(await get(KEY, NOW + 9_999)).toBe("one");
		expect(store.gets).toHaveLength(1);
		expect(parses).toBe(1);
		expect(background).toHaveLength(0);
	});

	it("peeks only at fresh copies", async () => {
		await store.put(KEY, { version: 1, body: "one" });
		expect(peek(KEY, NOW)).toBeUndefined();
		await get(KEY, NOW);
		expect(peek(KEY, NOW + 9_999)).toBe("one");
		expect(peek(KEY, NOW + 10 * SECOND)).toBeUndefined();
	});

	it("never asks again for an immutable record", async () => {
		const immutable = { ...text, freshSeconds: Number.POSITIVE_INFINITY, staleSeconds: 0 };
		await store.put("product:crs@1", { version: 1, body: "one" });
		await get("product:crs@1", NOW, immutable);
		expect(await get("product:crs@1", NOW * 2, immutable)).toBe("one");
		expect(store.gets).toHaveLength(1);
	});

	it("does not parse a version again that it knows", async () => {
		await store.put(KEY, { version: 1, body: "one" });
		await get(KEY, NOW);
		await get(KEY, NOW + 40 * SECOND);
		expect(store.gets).toHaveLength(2);
		expect(parses).toBe(1);
	});
});

describe("record cache, stale copies", () => {
	beforeEach(async () => {
		await store.put(KEY, { version: 1, body: "one" });
		await get(KEY, NOW);
		await store.put(KEY, { version: 2, body: "two" });
	});

	it("gives the stale copy at once and renews it behind the answer", async () => {
		expect(await get(KEY, NOW + 10 * SECOND)).toBe("one");
		await settle();
		expect(peek(KEY, NOW + 10 * SECOND)).toBe("two");
	});

	it("renews once for however many requests", async () => {
		await Promise.all(Array.from({ length: 20 }, () => get(KEY, NOW + 10 * SECOND)));
		expect(background).toHaveLength(1);
		await settle();
		expect(store.gets).toHaveLength(2);
	});

	it("waits for the store when the copy is too old to be given", async () => {
		expect(await get(KEY, NOW + 30 * SECOND)).toBe("two");
	});

	it("goes on giving the stale copy while nobody answers, asking once a second, and then fails", async () => {
		store.break("before");
		origin.down = true;
		expect(await get(KEY, NOW + 12 * SECOND)).toBe("one");
		await settle();
		expect(await get(KEY, NOW + 12 * SECOND + 999)).toBe("one");
		expect(store.gets).toHaveLength(2);
		expect(await get(KEY, NOW + 13 * SECOND)).toBe("one");
		await settle();
		expect(store.gets).toHaveLength(3);
		await expect(get(KEY, NOW + 30 * SECOND)).rejects.toMatchObject({ code: "unreachable", key: KEY });
	});
});

describe("record cache, versions", () => {
	it("keeps the newer version when a location that lags behind answers", async () => {
		await store.put(KEY, { version: 2, body: "two" });
		await get(KEY, NOW);
		store.texts.set(KEY, JSON.stringify({ key: KEY, version: 1, body: "one" }));
		expect(await get(KEY, NOW + 60 * SECOND)).toBe("two");
		expect(peek(KEY, NOW + 69 * SECOND)).toBe("two");
	});

	it("keeps the newer version when an older read ends later", async () => {
		const late = Promise.withResolvers<FoundRecord | null>();
		const answers = [late.promise, Promise.resolve(found(2, "two"))];
		store.get = () => answers.shift() ?? Promise.resolve(null);
		const cacheWithPatience = createRecordCache({
			store: sealedReader(store),
			seal: PLAIN_SEAL,
			origin,
			maxBytes: MAX_BYTES,
			flightWaitMs: 0,
		});
		const first = cacheWithPatience.get(KEY, text, scopeAt(NOW));
		expect(await cacheWithPatience.get(KEY, text, scopeAt(NOW))).toBe("two");
		late.resolve(found(1, "one"));
		expect(await first).toBe("two");
		expect(cacheWithPatience.peek(KEY, scopeAt(NOW))).toBe("two");
	});
});

describe("record cache, the owner of a record", () => {
	beforeEach(() => {
		origin.records.set(KEY, found(3, "from the owner"));
	});

	it("is asked once when the store has no record", async () => {
		expect(await get(KEY, NOW)).toBe("from the owner");
		expect(await get(KEY, NOW + 1)).toBe("from the owner");
		expect(origin.reads).toEqual([KEY]);
	});

	it("is asked when the store fails", async () => {
		store.break("before");
		expect(await get(KEY, NOW)).toBe("from the owner");
	});

	it("is asked when the store does not answer in time", async () => {
		store.break("hang");
		expect(await get(KEY, NOW)).toBe("from the owner");
	});

	it.each([
		["is not a record", "{"],
		["is another key's record", '{"key":"device:dev-b","version":9,"body":"b"}'],
		["has a body of another kind", `{"key":"${KEY}","version":9,"body":{"no":"text"}}`],
	])("is asked when what the store holds %s", async (_, stored) => {
		store.texts.set(KEY, stored);
		expect(await get(KEY, NOW)).toBe("from the owner");
	});

	it("is not asked while the store answers", async () => {
		await store.put(KEY, { version: 4, body: "stored" });
		expect(await get(KEY, NOW)).toBe("stored");
		expect(origin.reads).toEqual([]);
	});

	it("makes the read fail when it gives a body of another kind", async () => {
		origin.records.set(KEY, found(3, 7));
		await expect(get(KEY, NOW)).rejects.toThrow("not a text");
	});
});

describe("record cache, absent records", () => {
	it("remembers for two seconds that there is none", async () => {
		expect(await get(KEY, NOW)).toBeNull();
		expect(peek(KEY, NOW + 1_999)).toBeNull();
		expect(await get(KEY, NOW + 1_999)).toBeNull();
		expect(origin.reads).toHaveLength(1);
		origin.records.set(KEY, found(1, "just activated"));
		expect(await get(KEY, NOW + 2_000)).toBe("just activated");
		expect(peek(KEY, NOW + 2_001)).toBe("just activated");
	});

	it("forgets a record that its owner no longer has", async () => {
		await store.put(KEY, { version: 1, body: "one" });
		await get(KEY, NOW);
		store.texts.delete(KEY);
		expect(await get(KEY, NOW + 60 * SECOND)).toBeNull();
	});

	it("does not let absent keys push out records that exist", async () => {
		await store.put(KEY, { version: 1, body: "one" });
		await get(KEY, NOW);
		for (let index = 0; index < 2_000; index++) await get(`device:guess-${index}`, NOW);
		expect(peek(KEY, NOW)).toBe("one");
		expect(peek("device:guess-0", NOW)).toBeUndefined();
		expect(peek("device:guess-1999", NOW)).toBeNull();
	});
});

describe("record cache, bounds", () => {
	const fill = async (names: readonly string[], length = 1_000) => {
		for (const name of names) {
			await store.put(`device:${name}`, { version: 1, body: name.repeat(length) });
			await get(`device:${name}`, NOW);
		}
	};
	const keptOf = (names: readonly string[]) => names.filter((name) => peek(`device:${name}`, NOW) !== undefined);

	beforeEach(() => {
		// Room for four records of a thousand characters, each with what the cache keeps beside it.
		cache = createRecordCache({ store: sealedReader(store), seal: PLAIN_SEAL, origin, maxBytes: 5_000 });
	});

	it("gives up the record that nobody used", async () => {
		await fill(["a", "b", "c", "d"]);
		keptOf(["a", "b", "d"]);
		await fill(["e"]);
		expect(keptOf(["a", "b", "c", "d", "e"])).toEqual(["a", "b", "d", "e"]);
	});

	it("gives up as many as a large record needs", async () => {
		await fill(["a", "b", "c", "d"]);
		await fill(["e"], 3_000);
		expect(keptOf(["a", "b", "c", "d", "e"])).toEqual(["d", "e"]);
	});

	it("answers from a record that is larger than the whole memory, and keeps the others instead", async () => {
		await fill(["a", "b", "c"]);
		await fill(["e"], 5_000);
		expect(await get("device:e", NOW)).toHaveLength(5_000);
		expect(keptOf(["a", "b", "c", "e"])).toEqual(["a", "b", "c"]);
	});

	it("holds what a record weighs now, after it grew", async () => {
		await fill(["a", "b", "c", "d"]);
		await store.put("device:a", { version: 2, body: "a".repeat(3_000) });
		await get("device:a", NOW + 60 * SECOND);
		expect(keptOf(["b", "c", "d"])).toHaveLength(1);
	});
});

describe("record cache, hot copies", () => {
	const useAt = (nowMs: number, times: number) => {
		for (let use = 0; use < times; use++) peek(KEY, nowMs);
	};

	beforeEach(async () => {
		await store.put(KEY, { version: 1, body: "one" });
		await get(KEY, NOW);
		await store.put(KEY, { version: 2, body: "two" });
	});

	it("are renewed behind an answer in the last fifth of their time, so that nobody ever waits or meets a stale one", async () => {
		useAt(NOW + SECOND, 5);
		expect(peek(KEY, NOW + 7_999)).toBe("one");
		expect(background).toHaveLength(0);
		expect(peek(KEY, NOW + 8_000)).toBe("one");
		await settle();
		expect(peek(KEY, NOW + 8_001)).toBe("two");
		expect(peek(KEY, NOW + 17_999)).toBe("two");
	});

	it("are renewed by `get` as well", async () => {
		for (let use = 0; use < 4; use++) await get(KEY, NOW + SECOND);
		await get(KEY, NOW + 9 * SECOND);
		expect(background).toHaveLength(1);
	});

	it("are renewed once for however many requests", async () => {
		useAt(NOW + 8 * SECOND, 1_000);
		expect(background).toHaveLength(1);
		await settle();
		expect(store.gets).toHaveLength(2);
	});

	it("are not those that were used once or twice", async () => {
		useAt(NOW + 8 * SECOND, 3);
		expect(background).toHaveLength(0);
	});

	it("must be hot again after each reading", async () => {
		useAt(NOW + 8 * SECOND, 10);
		await settle();
		useAt(NOW + 17 * SECOND, 3);
		expect(background).toHaveLength(0);
		useAt(NOW + 17 * SECOND, 1);
		expect(background).toHaveLength(1);
	});

	it("stay what they are when the renewal fails, which is tried again a second later", async () => {
		store.break("before");
		origin.down = true;
		useAt(NOW + 8 * SECOND, 10);
		await settle();
		useAt(NOW + 8_999, 10);
		expect(store.gets).toHaveLength(2);
		expect(peek(KEY, NOW + 9 * SECOND)).toBe("one");
		await settle();
		expect(store.gets).toHaveLength(3);
		expect(peek(KEY, NOW + 10 * SECOND)).toBeUndefined();
	});

	it("are not renewed where they are immutable", async () => {
		const immutable = { ...text, freshSeconds: Number.POSITIVE_INFINITY, staleSeconds: 0 };
		await store.put("product:crs@1", { version: 1, body: "one" });
		await get("product:crs@1", NOW, immutable);
		for (let use = 0; use < 1_000; use++) peek("product:crs@1", NOW * 2);
		expect(background).toHaveLength(0);
	});
});

describe("record cache, one read for many", () => {
	it("reads once for requests that arrive together", async () => {
		await store.put(KEY, { version: 1, body: "one" });
		const answers = await Promise.all(Array.from({ length: 50 }, () => get(KEY, NOW)));
		expect(new Set(answers)).toEqual(new Set(["one"]));
		expect(store.gets).toHaveLength(1);
	});

	it("shares a failure, too", async () => {
		store.break("before");
		origin.down = true;
		const answers = await Promise.allSettled(Array.from({ length: 50 }, () => get(KEY, NOW)));
		expect(answers.every(({ status }) => status === "rejected")).toBe(true);
		expect(origin.reads).toHaveLength(1);
	});

	it("does not wait for ever for a request that was cancelled in the middle of its read", async () => {
		const read = store.get.bind(store);
		let first = true;
		store.get = (key) => {
			if (!first) return read(key);
			first = false;
			return new Promise(() => {});
		};
		const patient = createRecordCache({
			store: sealedReader(store),
			seal: PLAIN_SEAL,
			origin,
			maxBytes: MAX_BYTES,
			flightWaitMs: 5,
			storeTimeoutMs: 60_000,
		});
		await store.put(KEY, { version: 1, body: "one" });
		void patient.get(KEY, text, scopeAt(NOW));
		const answers = await Promise.all(Array.from({ length: 20 }, () => patient.get(KEY, text, scopeAt(NOW))));
		expect(new Set(answers)).toEqual(new Set(["one"]));
		expect(store.gets).toHaveLength(1);
	});
});
