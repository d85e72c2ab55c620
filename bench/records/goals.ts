// What was measured of the records, and what they promise: one line for each goal.
import type { SimulationResult } from "../../test/simulation/simulate.ts";
import type { Amplification } from "./amplification.ts";
import type { MonthlyCost, RecordLoad } from "./cost.ts";
import type { MemoryHits } from "./memory-hit.ts";
import type { PublishToOffered } from "./publish-to-offered.ts";
import type { RecordSizes } from "./redis-memory.ts";
import type { ServiceFigures } from "./service-figures.ts";

export interface RecordsReport extends ServiceFigures {
	readonly machine: string;
	readonly settings: { readonly devices: number; readonly slowSeconds: number; readonly records: number };
	readonly memory: MemoryHits;
	readonly amplification: readonly Amplification[];
	readonly simulation: SimulationResult;
	readonly regions: readonly PublishToOffered[];
	readonly sizes: RecordSizes;
	readonly costs: {
		readonly load: RecordLoad;
		readonly kv: MonthlyCost;
		readonly redis: MonthlyCost;
		readonly redisPlan: { readonly gb: number; readonly perMonth: number } | null;
	};
}

export interface Goal {
	readonly title: string;
	/** what was measured, for people */
	readonly value: string;
	/** null = none is set */
	readonly goal: string | null;
	readonly met: boolean | null;
}

/** `heads` is read once in five seconds for a whole isolate, and such a read may fall among the requests that were counted. */
const HEADS_READS = 0.01;
const MAX_AMPLIFICATION = 1.1;
const MAX_SLOW_P99_MS = 250;

/** The figures that have goals. */
export type Judged = Pick<RecordsReport, "storeReads" | "amplification" | "slowStores" | "simulation">;

/** @returns a line for each */
export function judgeRecords(report: Judged): readonly Goal[] {
	const { check, token, permit } = report.storeReads;
	const amplified = Math.max(...report.amplification.map(({ withoutBreakers }) => withoutBreakers));
	const slow = report.slowStores.filter((one) => one.slow !== "neither");
	const p99 = Math.max(...slow.map((one) => one.p99));
	const firstMax = Math.max(...slow.map((one) => one.firstMax));
	const { schedules, wrongAllows, lostRecords, regressedRecords } = report.simulation;
	return [
		{ title: "store reads per check", value: check.toFixed(3), goal: "0", met: check < HEADS_READS },
		{ title: "store reads per token", value: token.toFixed(3), goal: "1", met: token < 1 + HEADS_READS },
		{
			title: "store reads per permit, the device's first",
			value: permit.toFixed(3),
			goal: "≤ 1",
			met: permit < 1 + HEADS_READS,
		},
		{
			title: "calls per read while every store fails",
			value: amplified.toFixed(2),
			goal: "≤ 1.1",
			met: amplified <= MAX_AMPLIFICATION,
		},
		{
			title: "p99 of a check while a store takes 2 s",
			value: `${p99.toFixed(0)} ms`,
			goal: "≤ 250 ms",
			met: p99 <= MAX_SLOW_P99_MS,
		},
		{
			title: "  the slowest check, an isolate's first",
			value: `${firstMax.toFixed(0)} ms`,
			goal: null,
			met: null,
		},
		{
			title: `wrong allows in ${schedules.toLocaleString("en-US")} fault schedules`,
			value: String(wrongAllows),
			goal: "0",
			met: wrongAllows === 0,
		},
		{
			title: "lost or regressed records in them",
			value: String(lostRecords + regressedRecords),
			goal: "0",
			met: lostRecords + regressedRecords === 0,
		},
	];
}
