// What `npm run bench:records` says without measuring it: the money, and that its records are real ones.
import { describe, expect, it } from "vitest";
import { kvCost, type RecordLoad, redisCost, redisPlanCost, totalOf } from "../../../../bench/records/cost.ts";
import { makeDeviceRecords } from "../../../../bench/records/device-records.ts";
import { deviceRecord } from "../../../../src/entitlement/devices/device-record.ts";
import { parseRecord } from "../../../../src/storage/record-store.ts";

/** A million devices of a kilobyte, one percent changed a day, no tokens. */
const LOAD: RecordLoad = {
	devices: 1_000_000,
	kvBytes: 1e9,
	redisBytes: 2e9,
	valueBytes: 1_000,
	churnPerDay: 0.01,
	tokensPerDeviceAndDay: 0,
	redisReadRegions: 0,
};

describe("a month of device records", () => {
	it.each<[string, Partial<RecordLoad>, { storage: number; writes: number; reads: number }]>([
		["in KV: a gigabyte, 300,000 changes of a read and a write each", {}, { storage: 0.5, writes: 1.65, reads: 0 }],
		["nothing changes", { churnPerDay: 0 }, { storage: 0.5, writes: 0, reads: 0 }],
		["a token an hour", { tokensPerDeviceAndDay: 24 }, { storage: 0.5, writes: 1.65, reads: 360 }],
		["twice the bytes", { kvBytes: 2e9 }, { storage: 1, writes: 1.65, reads: 0 }],
	])("KV, %s", (_, change, cost) => {
		expectCost(kvCost({ ...LOAD, ...change }), cost);
	});

	it.each<[string, Partial<RecordLoad>, { storage: number; writes: number; reads: number }]>([
		["one region: two gigabytes, 300,000 commands", {}, { storage: 0.5, writes: 0.6, reads: 0 }],
		["three more regions", { redisReadRegions: 3 }, { storage: 2, writes: 2.4, reads: 0 }],
		// 720 M reads: $1,440, and 720 GB of which 200 are free.
		["a token an hour", { tokensPerDeviceAndDay: 24 }, { storage: 0.5, writes: 0.6, reads: 1_455.6 }],
		[
			"a read is charged once, however many regions",
			{ tokensPerDeviceAndDay: 24, redisReadRegions: 1 },
			{ storage: 1, writes: 1.2, reads: 1_455.6 },
		],
		[
			"a token a day moves less than what is free",
			{ tokensPerDeviceAndDay: 1 },
			{ storage: 0.5, writes: 0.6, reads: 60 },
		],
	])("Redis, %s", (_, change, cost) => {
		expectCost(redisCost({ ...LOAD, ...change }), cost);
	});

	it.each([
		["fills the smallest to the brim", 1e9, 3, { gb: 1, perMonth: 50 }],
		["is a byte too large for it", 1e9 + 1, 3, { gb: 10, perMonth: 500 }],
		["stands in one region", 2e9, 0, { gb: 10, perMonth: 200 }],
		["fits none", 501e9, 0, null],
	])("a fixed plan for what %s", (_, redisBytes, redisReadRegions, plan) => {
		expect(redisPlanCost({ ...LOAD, redisBytes, redisReadRegions })).toEqual(plan);
	});

	function expectCost(cost: ReturnType<typeof kvCost>, expected: { storage: number; writes: number; reads: number }) {
		expect(cost.storage).toBeCloseTo(expected.storage, 9);
		expect(cost.writes).toBeCloseTo(expected.writes, 9);
		expect(cost.reads).toBeCloseTo(expected.reads, 9);
		expect(totalOf(cost)).toBeCloseTo(expected.storage + expected.writes + expected.reads, 9);
	}
});

describe("device records that are made by the million", () => {
	const made = [...makeDeviceRecords(1_000)];

	it("are what the edge would accept", () => {
		for (const { key, text, record } of made) {
			const { content } = parseRecord(key, text).body as { content: unknown };
			expect(deviceRecord.parse(content)).toEqual(record);
			// Their bytes are counted as characters.
			expect(Buffer.byteLength(text)).toBe(text.length);
		}
	});

	it("are all different, and not all of one size", () => {
		expect(new Set(made.map(({ key }) => key)).size).toBe(made.length);
		expect(new Set(made.map(({ record }) => record.jkt)).size).toBe(made.length);
		expect(new Set(made.map(({ record }) => Object.keys(record.grants).length))).toEqual(new Set([2, 3, 4]));
		expect(new Set(made.map(({ record }) => Object.keys(record.labels).length))).toEqual(new Set([0, 1, 2, 3]));
	});
});
