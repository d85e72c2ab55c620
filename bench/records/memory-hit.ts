// What a record costs that the isolate already holds: the real cache, in Node, which has a clock fine enough for it. Reads
// are timed in runs of a hundred, for the clock itself costs as much as one of them.
import { createRecordCache } from "../../src/storage/cache/record-cache.ts";
import type { ReadScope } from "../../src/storage/record-kind.ts";
import { parseRecord, RecordStoreError } from "../../src/storage/record-store.ts";
import { createRecords } from "../../src/storage/records.ts";
import { makeDeviceRecords, NOW } from "./device-records.ts";

export interface HitLatency {
	/** of one read, in nanoseconds: over all runs of a hundred reads */
	readonly p50: number;
	readonly p99: number;
}

export interface MemoryHits {
	/** a device's record, as a token or a permit reads it: a promise */
	readonly device: HitLatency;
	/** `heads`, as nearly every check reads it: no promise */
	readonly heads: HitLatency;
}

const DEVICES = 1_000;
const RUN = 100;
const WARM_UP_RUNS = 2_000;
const NOW_MS = NOW * 1_000;
const HEADS = JSON.stringify({
	key: "heads",
	version: 1,
	body: { kid: "k1", until: null, mac: "", content: { products: { crs: 7 }, messages: 1, denied: 0 } },
});

/** @param runs of a hundred reads each */
export async function measureMemoryHits(runs: number): Promise<MemoryHits> {
	const devices = [...makeDeviceRecords(DEVICES)];
	const texts = new Map([["heads", HEADS], ...devices.map(({ key, text }): [string, string] => [key, text])]);
	let storeReads = 0;
	const cache = createRecordCache({
		store: {
			async get(key) {
				storeReads += 1;
				const text = texts.get(key);
				return text === undefined ? null : parseRecord(key, text);
			},
		},
		// Nobody can tell from the time of a hit whether a seal was right: it is verified when a record is read, once.
		seal: { verify: async () => true },
		origin: {
			async read(key) {
				throw new RecordStoreError("unreachable", key);
			},
		},
		maxBytes: 25_000_000,
	});
	const records = createRecords(cache, { headsFreshSeconds: 60, deviceFreshSeconds: 60, lastGoodSeconds: 86_400 });
	const scope: ReadScope = { nowMs: NOW_MS, waitUntil: () => {}, noteLastGood: () => {} };
	const ids = devices.map(({ record }) => record.id);
	const view = await records.current(scope);
	for (const id of ids) await records.device(id, view, scope);
	const readsBefore = storeReads;

	// What is read is used, or the engine might leave the reading out.
	let found = 0;
	let place = 0;
	const device = await timeRuns(runs, async () => {
		for (let read = 0; read < RUN; read++) {
			const record = await records.device(ids[place++ % DEVICES] ?? "", view, scope);
			found += record?.serial.length ?? 0;
		}
	});
	const heads = await timeRuns(runs, async () => {
		for (let read = 0; read < RUN; read++) found += records.peekCurrent(scope)?.heads.messages ?? 0;
	});
	if (storeReads !== readsBefore || found === 0) throw new Error("what should have been in memory was not");
	return { device, heads };
}

async function timeRuns(runs: number, run: () => Promise<void>): Promise<HitLatency> {
	for (let warm = 0; warm < WARM_UP_RUNS; warm++) await run();
	const perRead = new Float64Array(runs);
	for (let index = 0; index < runs; index++) {
		const startedAt = performance.now();
		await run();
		perRead[index] = ((performance.now() - startedAt) * 1e6) / RUN;
	}
	perRead.sort();
	const at = (part: number) => perRead[Math.floor(runs * part)] ?? Number.NaN;
	return { p50: at(0.5), p99: at(0.99) };
}
