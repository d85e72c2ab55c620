// Many schedules, and what came of them.
import { parseRecordStoreNames } from "../../src/storage/record-store-names.ts";
import { runSchedule, type ScheduleResult } from "./schedule.ts";

export interface SimulationOptions {
	readonly schedules: number;
	/** schedule n has the seed firstSeed + n */
	readonly firstSeed?: number;
	/** values of RECORD_STORE; schedules take turns */
	readonly stores?: readonly string[];
	/** called after each schedule, with how many there have been */
	readonly onProgress?: (schedules: number) => void;
}

/** Seconds from the commit of a release until a location with a busy isolate offers it. */
export interface Spread {
	readonly p50: number;
	readonly p99: number;
	readonly max: number;
}

export interface SimulationResult {
	readonly schedules: number;
	/** that were answered with a decision or could not be answered */
	readonly requests: number;
	readonly allows: number;
	/** old revisions that left the stores */
	readonly deleted: number;
	readonly wrongAllows: number;
	readonly lostRecords: number;
	readonly regressedRecords: number;
	/** writes of heads to a store that lacks the deny list they name */
	readonly headsToNowhere: number;
	readonly wrongRefusals: number;
	readonly unavailable: number;
	/** of deployments with that store alone, while nothing goes wrong; null when there was none */
	readonly publishToOffered: { readonly kv: Spread | null; readonly redis: Spread | null };
	/** what went wrong, with the seed that shows it */
	readonly findings: readonly string[];
}

const ALL_STORES = ["kv", "redis", "redis,kv", "kv,redis"] as const;
/** Every so many schedules nothing goes wrong in one. */
const CALM_EVERY = 20;

/** @throws AggregateError naming the seed when the code under test fails in a way that no answer accounts for */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
	const { schedules, firstSeed = 1, stores = ALL_STORES, onProgress } = options;
	const totals = { requests: 0, allows: 0, unavailable: 0, deleted: 0 };
	const counts = { wrong_allow: 0, wrong_refusal: 0, lost: 0, regressed: 0, heads_to_nowhere: 0 };
	const offeredAfter = { kv: [] as number[], redis: [] as number[] };
	const findings: string[] = [];
	const { stackTraceLimit } = Error;
	// Stores that fail are the rule here, and a stack costs more than all else of an error.
	Error.stackTraceLimit = 0;
	for (let index = 0; index < schedules; index++) {
		const { seed, store, result } = await runNumbered(firstSeed + index, stores);
		totals.requests += result.requests;
		totals.allows += result.allows;
		totals.unavailable += result.unavailable;
		totals.deleted += result.deleted;
		for (const { violation, detail } of result.findings) {
			counts[violation] += 1;
			findings.push(`seed ${seed} (${store}): ${violation}: ${detail}`);
		}
		if (store === "kv" || store === "redis") offeredAfter[store].push(...result.offeredAfter);
		onProgress?.(index + 1);
	}
	Error.stackTraceLimit = stackTraceLimit;
	return {
		schedules,
		...totals,
		wrongAllows: counts.wrong_allow,
		lostRecords: counts.lost,
		regressedRecords: counts.regressed,
		headsToNowhere: counts.heads_to_nowhere,
		wrongRefusals: counts.wrong_refusal,
		publishToOffered: { kv: spreadOf(offeredAfter.kv), redis: spreadOf(offeredAfter.redis) },
		findings,
	};
}

/** The schedule of a seed, as `simulate` runs it among others. */
export async function runNumbered(
	seed: number,
	stores: readonly string[] = ALL_STORES,
): Promise<{ seed: number; store: string; result: ScheduleResult }> {
	const store = stores[seed % stores.length] ?? "kv";
	const isCalm = Math.floor(seed / stores.length) % CALM_EVERY === 0;
	const storeNames = parseRecordStoreNames(store);
	return { seed, store, result: await runSchedule({ seed, storeNames, isCalm }) };
}

function spreadOf(values: readonly number[]): Spread | null {
	const sorted = values.toSorted((left, right) => left - right);
	const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
	return sorted.length === 0 ? null : { p50: at(0.5), p99: at(0.99), max: at(1) };
}
