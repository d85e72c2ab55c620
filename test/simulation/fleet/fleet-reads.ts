// How many reads a fleet's isolates make of `heads`, with and without what a location keeps: the service's own caches over KV
// with the latencies of the platform, in virtual time. Requests are spread over isolates, isolates over locations.
import { createRecordOrigin } from "../../../src/objects/record-origin.ts";
import { createLocationCopies, locationSeconds } from "../../../src/storage/cache/location-copies.ts";
import { createRecordCache } from "../../../src/storage/cache/record-cache.ts";
import { formatRecord, type RecordReader, RecordStoreError } from "../../../src/storage/record-store.ts";
import { createRecords, type Records } from "../../../src/storage/records.ts";
import { sealRecord } from "../../../src/storage/sealed-records.ts";
import { FakeCache } from "../../support/stand-ins/fake-cache.ts";
import { PLAIN_SEAL } from "../../support/stand-ins/plain-seal.ts";
import { createRandom } from "../random.ts";
import { VirtualTime } from "../virtual-time.ts";

export interface FleetReadsPlan {
	readonly isolates: number;
	readonly locations: number;
	/** of checks, over all isolates */
	readonly requestsPerSecond: number;
	/** whether the isolates of a location share `heads` */
	readonly isShared: boolean;
	/** KV fails at once from the first second that is counted on */
	readonly isKvOut?: boolean;
	/** with KV: the Directory does not answer either */
	readonly isDirectoryOut?: boolean;
	readonly seconds: number;
}

export interface FleetReads {
	/** per second, mean over the seconds that were counted */
	readonly storeReads: number;
	readonly directoryCalls: number;
	/** of the busiest second */
	readonly directoryCallsPeak: number;
	/** of the requests that were counted */
	readonly unanswered: number;
}

const START_MS = 1_800_000_000_000;
/** Until every isolate that gets requests has its first copy. */
const WARM_UP_MS = 7_000;
const KV_MS = 60;
const OBJECT_MS = 150;
const CACHE_MS = 3;
const LIFETIMES = { headsFreshSeconds: 5, deviceFreshSeconds: 10, lastGoodSeconds: 86_400 };
const HEADS = { version: 7, body: { products: { crs: 7 }, messages: 0, denied: 0 } };

/** @returns what the plan's fleet reads, the same at each call */
export async function fleetReads(plan: FleetReadsPlan): Promise<FleetReads> {
	const random = createRandom(1);
	const time = new VirtualTime(START_MS);
	const countedMs = START_MS + WARM_UP_MS;
	const endMs = countedMs + plan.seconds * 1_000;
	const sealed = formatRecord("heads", await sealRecord(PLAIN_SEAL, "heads", HEADS, START_MS / 1_000));
	const calls = new Map<number, number>();
	let storeReads = 0;
	let unanswered = 0;

	const isCounted = () => time.nowMs() >= countedMs;
	const store: RecordReader = {
		async get(key) {
			if (isCounted()) storeReads += 1;
			await time.pass(KV_MS);
			if (plan.isKvOut === true && isCounted()) throw new RecordStoreError("unreachable", key);
			return { ...JSON.parse(sealed), bytes: sealed.length };
		},
	};
	const directory = {
		async readRecord(key: string) {
			const second = Math.floor((time.nowMs() - countedMs) / 1_000);
			if (isCounted()) calls.set(second, (calls.get(second) ?? 0) + 1);
			await time.pass(OBJECT_MS);
			if (plan.isDirectoryOut === true && isCounted()) throw new Error("overloaded");
			return formatRecord(key, HEADS);
		},
	};
	const owners = { getByName: () => directory };
	const origin = createRecordOrigin({ ACCOUNT: owners, PRODUCT: owners, DIRECTORY: owners });

	return time.instead(random, async () => {
		const caches = Array.from({ length: plan.locations }, () => slowCache(time));
		const isolates = Array.from({ length: plan.isolates }, (_, index) =>
			startIsolate(caches[index % plan.locations] ?? slowCache(time)),
		);
		const gapMs = 1_000 / plan.requestsPerSecond;
		const next = () => {
			if (time.nowMs() >= endMs) return;
			void check(random.pick(isolates));
			// Requests that know nothing of each other.
			time.after(-Math.log(1 - random.next()) * gapMs, next);
		};
		next();
		await time.runUntil(endMs);
		const all = [...calls.values()];
		const mean = (count: number) => count / plan.seconds;
		return {
			storeReads: mean(storeReads),
			directoryCalls: mean(all.reduce((sum, count) => sum + count, 0)),
			directoryCallsPeak: Math.max(0, ...all),
			unanswered,
		};
	});

	function startIsolate(cache: Pick<Cache, "match" | "put">): Records {
		const headsSeconds = plan.isShared ? locationSeconds(LIFETIMES.headsFreshSeconds) : 0;
		const location = createLocationCopies({
			...{ store, origin, seal: PLAIN_SEAL, cache, issuer: "https://updates.test", clock: time },
			...{ headsSeconds, lastGoodSeconds: LIFETIMES.lastGoodSeconds },
		});
		const { lastGood: lastGoodOf, ...parts } = location;
		const records = createRecordCache({ ...parts, lastGoodOf, seal: PLAIN_SEAL, maxBytes: 1_000_000, clock: time });
		return createRecords(records, LIFETIMES);
	}

	async function check(records: Records): Promise<void> {
		const scope = { nowMs: time.nowMs(), waitUntil: () => {}, noteLastGood: () => {} };
		if (records.peekCurrent(scope) !== undefined) return;
		const counts = isCounted();
		await records.current(scope).catch(() => {
			if (counts) unanswered += 1;
		});
	}
}

function slowCache(time: VirtualTime): Pick<Cache, "match" | "put"> {
	const cache = new FakeCache();
	return {
		async match(request) {
			await time.pass(CACHE_MS);
			return cache.match(request as Request);
		},
		async put(request, response) {
			await time.pass(CACHE_MS);
			await cache.put(request as Request, response);
		},
	};
}
