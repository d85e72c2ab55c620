// What the device records of a fleet cost a month in each store: arithmetic on list prices, without what plans include.
// Not here: the Worker's requests, the Durable Objects that own the records, reads for permits and of what devices share.
import { DAYS_PER_MONTH, KV_PRICES, REDIS_PLANS, REDIS_PRICES } from "./prices.ts";

export interface RecordLoad {
	readonly devices: number;
	/** of all keys and values, in bytes */
	readonly kvBytes: number;
	/** memory that Redis takes for them, in one region */
	readonly redisBytes: number;
	/** of one value, for what a read moves */
	readonly valueBytes: number;
	/** part of the records that is written anew each day, 0 to 1 */
	readonly churnPerDay: number;
	/** each reads the device's record once */
	readonly tokensPerDeviceAndDay: number;
	/** regions of a global Redis database that read, beside the primary's */
	readonly redisReadRegions: number;
}

/** USD a month. */
export interface MonthlyCost {
	readonly storage: number;
	readonly writes: number;
	/** of tokens */
	readonly reads: number;
}

const MILLION = 1e6;
const GB = 1e9;

function monthly(load: RecordLoad): { readonly writes: number; readonly reads: number } {
	return {
		writes: load.devices * load.churnPerDay * DAYS_PER_MONTH,
		reads: load.devices * load.tokensPerDeviceAndDay * DAYS_PER_MONTH,
	};
}

/** A change of a record is a write and the look at the version that is there (kv-record-store.ts). */
export function kvCost(load: RecordLoad): MonthlyCost {
	const { writes, reads } = monthly(load);
	return {
		storage: (load.kvBytes / GB) * KV_PRICES.perGbMonth,
		writes: (writes / MILLION) * (KV_PRICES.perMillionWrites + KV_PRICES.perMillionReads),
		reads: (reads / MILLION) * KV_PRICES.perMillionReads,
	};
}

/** Pay as you go. A change is one EVAL, in every region; each region holds a copy; what reads move is charged too. */
export function redisCost(load: RecordLoad): MonthlyCost {
	const { writes, reads } = monthly(load);
	const regions = 1 + load.redisReadRegions;
	const chargedGb = Math.max(0, (reads * load.valueBytes) / GB - REDIS_PRICES.freeGbMoved);
	return {
		storage: (load.redisBytes / GB) * REDIS_PRICES.perGbMonth * regions,
		writes: (writes / MILLION) * REDIS_PRICES.perMillionCommands * regions,
		reads: (reads / MILLION) * REDIS_PRICES.perMillionCommands + chargedGb * REDIS_PRICES.perGbMoved,
	};
}

/** The smallest fixed plan that holds the records, reads and writes included; null when none does. */
export function redisPlanCost(load: RecordLoad): { readonly gb: number; readonly perMonth: number } | null {
	const plan = REDIS_PLANS.find(({ gb }) => gb * GB >= load.redisBytes);
	return plan === undefined
		? null
		: { gb: plan.gb, perMonth: plan.perMonth + plan.perReadRegion * load.redisReadRegions };
}

export function totalOf({ storage, writes, reads }: MonthlyCost): number {
	return storage + writes + reads;
}
