// What the record cache gives when neither the store nor the owner of a record can be asked.
import { beforeEach, describe, expect, it } from "vitest";
import { createRecordCache, type RecordCache } from "../../../../src/storage/cache/record-cache.ts";
import { systemClock } from "../../../../src/storage/clock.ts";
import type { RecordKind } from "../../../../src/storage/record-kind.ts";
import type { RecordOrigin } from "../../../../src/storage/record-store.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import { PLAIN_SEAL, sealedReader } from "../../../support/stand-ins/plain-seal.ts";

const KEY = "device:dev-a";
const NOW = 1_800_000_000_000;
const SECOND = 1_000;
const DAY = 86_400 * SECOND;

const text: RecordKind<string> = { parse: String, freshSeconds: 10, staleSeconds: 0, lastGoodSeconds: 86_400 };

let store: FakeRecordStore;
let owner: "answers" | "fails" | "hangs";
let ownerReads: number;
let cache: RecordCache;
let elapsedMs: number;

const origin: RecordOrigin = {
	read: async () => {
		ownerReads += 1;
		if (owner === "hangs") await new Promise(() => {});
		if (owner === "fails") throw new TypeError("the object broke");
		return { version: 9, body: "from the owner", bytes: 40 };
	},
};

beforeEach(async () => {
	store = new FakeRecordStore();
	await store.put(KEY, { version: 1, body: "one" });
	owner = "fails";
	ownerReads = 0;
	elapsedMs = 0;
	const limits = { maxBytes: 100_000, flightWaitMs: 5, storeTimeoutMs: 5, originTimeoutMs: 5 };
	cache = createRecordCache({
		store: sealedReader(store),
		seal: PLAIN_SEAL,
		origin,
		...limits,
		clock: { ...systemClock, nowMs: () => elapsedMs },
	});
});

/** @returns the value, and the times at which the copies behind it were last read */
async function get(nowMs: number, kind = text, key = KEY): Promise<{ value: string | null; asOf: number[] }> {
	const asOf: number[] = [];
	const noteLastGood = (readMs: number) => {
		asOf.push(readMs);
	};
	return { value: await cache.get(key, kind, { nowMs, waitUntil: () => {}, noteLastGood }), asOf };
}

describe("record cache, last good copies", () => {
	beforeEach(async () => {
		await get(NOW);
		store.break("before");
	});

	it("are given when nobody can be asked, with the time of their reading", async () => {
		expect(await get(NOW + 9 * SECOND)).toEqual({ value: "one", asOf: [] });
		expect(await get(NOW + 10 * SECOND)).toEqual({ value: "one", asOf: [NOW] });
	});

	it("are given when nobody answers", async () => {
		store.break("hang");
		owner = "hangs";
		expect(await get(NOW + 10 * SECOND)).toEqual({ value: "one", asOf: [NOW] });
	});

	it("are given until a day after their last reading, not longer", async () => {
		expect(await get(NOW + DAY - 1)).toEqual({ value: "one", asOf: [NOW] });
		await expect(get(NOW + DAY)).rejects.toMatchObject({ code: "unreachable", key: KEY });
	});

	it("count their day from the last good reading, also when it brought nothing new", async () => {
		store.repair();
		await get(NOW + 60 * SECOND);
		store.break("before");
		expect(await get(NOW + DAY + 59 * SECOND)).toEqual({ value: "one", asOf: [NOW + 60 * SECOND] });
		await expect(get(NOW + DAY + 60 * SECOND)).rejects.toMatchObject({ code: "unreachable" });
	});

	it("are not given while the owner answers", async () => {
		owner = "answers";
		expect(await get(NOW + 10 * SECOND)).toEqual({ value: "from the owner", asOf: [] });
	});

	it("end with the first reading that succeeds", async () => {
		await get(NOW + 10 * SECOND);
		store.repair();
		await store.put(KEY, { version: 2, body: "two" });
		expect(await get(NOW + 11 * SECOND)).toEqual({ value: "two", asOf: [] });
	});

	it("cost one try a second, however many ask", async () => {
		await get(NOW + 10 * SECOND);
		const before = store.gets.length;
		for (let ms = 0; ms < 1_000; ms += 10) await get(NOW + 10 * SECOND + ms);
		expect(store.gets).toHaveLength(before);
		await Promise.all(Array.from({ length: 20 }, () => get(NOW + 11 * SECOND)));
		expect(store.gets).toHaveLength(before + 1);
		expect(ownerReads).toBe(2);
	});

	it("cost one wait a second, counted from its end, where nobody answers", async () => {
		store.break("hang");
		owner = "hangs";
		const waiting = get(NOW + 10 * SECOND);
		elapsedMs = 2 * SECOND;
		await waiting;
		const before = store.gets.length;
		expect(await get(NOW + 13 * SECOND - 1)).toEqual({ value: "one", asOf: [NOW] });
		expect(store.gets).toHaveLength(before);
		await get(NOW + 13 * SECOND);
		expect(store.gets).toHaveLength(before + 1);
	});

	it("are given at once to all but one while it waits, after a first try in vain", async () => {
		store.break("hang");
		owner = "hangs";
		await get(NOW + 10 * SECOND);
		const before = store.gets.length;
		let settled = 0;
		const one = get(NOW + 11 * SECOND).finally(() => {
			settled += 1;
		});
		for (let ms = 0; ms < 100; ms += 10) {
			expect(await get(NOW + 11 * SECOND + ms)).toEqual({ value: "one", asOf: [NOW] });
		}
		expect(settled).toBe(0);
		await one;
		expect(store.gets).toHaveLength(before + 1);
	});

	it("are never taken for fresh ones", async () => {
		await get(NOW + 10 * SECOND);
		expect(
			cache.peek(KEY, { nowMs: NOW + 10 * SECOND + 1, waitUntil: () => {}, noteLastGood: () => {} }),
		).toBeUndefined();
	});

	it("are not given of a kind that must be known for certain", async () => {
		await expect(get(NOW + 10 * SECOND, { ...text, lastGoodSeconds: 0 })).rejects.toMatchObject({
			code: "unreachable",
		});
	});

	it("do not exist for a key that was never read", async () => {
		await expect(get(NOW, text, "device:dev-b")).rejects.toMatchObject({ code: "unreachable", key: "device:dev-b" });
	});
});
