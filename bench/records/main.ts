// `npm run bench:records`: what the replicated records cost and promise: reads per request, their latency, what happens
// while stores fail or are slow, how soon a release is offered, and the size and price of a large fleet's records. `--json` prints one document, `--quick`
// only shows that everything runs. Ends with 1 when an answer was not as expected; a missed goal is not an error.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { simulate } from "../../test/simulation/simulate.ts";
import { readMachine } from "../machine.ts";
import { endProgress, showProgress } from "../progress.ts";
import { measureAmplification } from "./amplification.ts";
import { kvCost, type RecordLoad, redisCost, redisPlanCost } from "./cost.ts";
import { judgeRecords, type RecordsReport } from "./goals.ts";
import { measureMemoryHits } from "./memory-hit.ts";
import { measureRegions } from "./publish-to-offered.ts";
import { measureRecordSizes } from "./redis-memory.ts";
import { formatRecordsReport } from "./report.ts";
import { measureService } from "./service-figures.ts";

const FLEET = 1_500_000;

interface Plan {
	readonly devices: number;
	readonly slowSeconds: number;
	readonly reads: number;
	readonly hitRuns: number;
	readonly records: number;
	readonly schedules: number;
	readonly releases: number;
}

const FULL: Plan = {
	devices: 2_000,
	slowSeconds: 11,
	reads: 10_000,
	hitRuns: 20_000,
	records: FLEET,
	schedules: 10_000,
	releases: 10,
};
const QUICK: Plan = {
	devices: 300,
	slowSeconds: 1,
	reads: 1_000,
	hitRuns: 2_000,
	records: 50_000,
	schedules: 160,
	releases: 2,
};

const PROGRESS_EVERY = 100;

const root = join(import.meta.dirname, "../..");
const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});

/** Assumed, since nobody measured a fleet yet: stated in the report. */
const CHURN_PER_DAY = 0.01;
const TOKENS_PER_DEVICE_AND_DAY = 24;
const REDIS_READ_REGIONS = 3;

async function runAll(folder: string): Promise<RecordsReport> {
	const plan = options.quick ? QUICK : FULL;
	const machine = await readMachine(root);
	showProgress("reading from memory");
	const memory = await measureMemoryHits(plan.hitRuns);
	showProgress("reading while every store fails");
	const amplification = await measureAmplification(plan.reads);
	const simulation = await simulate({
		schedules: plan.schedules,
		onProgress: (done) => {
			if (done % PROGRESS_EVERY === 0) showProgress(`fault schedules, ${done} of ${plan.schedules}`);
		},
	});
	const service = await measureService(root, folder, plan);
	const regions = await measureRegions(plan.releases);
	const sizes = await measureRecordSizes(plan.records);
	const load: RecordLoad = {
		devices: FLEET,
		kvBytes: FLEET * (sizes.key + sizes.value),
		redisBytes: FLEET * sizes.redis,
		valueBytes: sizes.value,
		churnPerDay: CHURN_PER_DAY,
		tokensPerDeviceAndDay: TOKENS_PER_DEVICE_AND_DAY,
		redisReadRegions: REDIS_READ_REGIONS,
	};
	const costs = { load, kv: kvCost(load), redis: redisCost(load), redisPlan: redisPlanCost(load) };
	return { machine, settings: plan, memory, amplification, simulation, ...service, regions, sizes, costs };
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
// At any exit: Ctrl-C ends the process inside Miniflare, which stops workerd and returns to nobody.
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
	const report = await runAll(folder);
	endProgress();
	const document = { ...report, goals: judgeRecords(report) };
	process.stdout.write(options.json ? `${JSON.stringify(document, null, "\t")}\n` : `${formatRecordsReport(report)}\n`);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
