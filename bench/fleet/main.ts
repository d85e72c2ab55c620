// `npm run bench:fleet`: what the state of each device costs. Rows that a day of a device writes, counted by SQLite; a burst of all devices
// of one account that report at once; summaries of that account; a day of a small account with its summaries and alarms; the Census of
// as many of these as make 1.5 million devices; and what it comes to a month. `--quick` with a tenth of all, `--json`.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MAX_WORDS } from "../../src/fleet/device-state.ts";
import { PRICES } from "../cost/model.ts";
import { endProgress, showProgress } from "../progress.ts";
import { DAYS_PER_MONTH } from "../records/prices.ts";
import type { CensusTask, Done, Task } from "./fleet-worker.ts";
import { startFleet } from "./start-fleet.ts";

const root = join(import.meta.dirname, "../..");
const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});
const DEVICES = options.quick ? 10_000 : 100_000;
/** Of whose day each write is counted. */
const OBSERVED = 1_000;
const FLEET = 1_500_000;
const SMALL = 100;
const SMALL_ACCOUNTS = FLEET / SMALL;
const CENSUS_ACCOUNTS = options.quick ? SMALL_ACCOUNTS / 10 : SMALL_ACCOUNTS;
/** As in bench/cost. */
const GB_SECONDS_PER_CALL = 0.128 * 0.05;
const HOUR = 3_600;
/** A device asks in full at least so often (content/check/pulse.ts): 4.8 to 6 h. */
const CHECKS_A_DAY = 5;
const BURST_GOAL_SECONDS = 300;
const ROWS_GOAL = 5;

async function run(port: number, task: Task, from: number, count: number, now: number, account = 0): Promise<Done> {
	return ask(port, { task, from, count, now, account });
}

async function ask(port: number, query: Record<string, string | number>): Promise<Done> {
	const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
	const answer = await fetch(`http://127.0.0.1:${port}/?${search}`);
	if (!answer.ok) throw new Error(`${query["task"]}: ${answer.status} ${await answer.text()}`);
	return (await answer.json()) as Done;
}

/** In batches as edges send them. @returns rows written */
async function runAll(port: number, task: Task, devices: number, now: number): Promise<number> {
	let rows = 0;
	for (let from = 0; from < devices; from += MAX_WORDS / 2) {
		rows += (await run(port, task, from, Math.min(MAX_WORDS / 2, devices - from), now)).rowsWritten;
	}
	return rows;
}

async function measure(port: number) {
	const now = Math.floor(Date.now() / 1_000);
	await run(port, "create", 0, 0, now);
	for (let from = 0; from < DEVICES; from += 1_000) {
		showProgress(`inserting devices, ${from} of ${DEVICES}`);
		await run(port, "activate", from, 1_000, now);
	}
	showProgress("first checks");
	await runAll(port, "check", DEVICES, now);
	showProgress("a day without news");
	let steady = 0;
	for (let check = 1; check <= CHECKS_A_DAY; check++) {
		steady += await runAll(port, "check", OBSERVED, now + Math.round((check * 24 * HOUR) / CHECKS_A_DAY));
	}
	showProgress("an update");
	const updateAt = now + 30 * HOUR;
	const update =
		(await runAll(port, "permit", OBSERVED, updateAt)) + (await runAll(port, "report", OBSERVED, updateAt + 60));

	showProgress("all devices report");
	const burstAt = now + 60 * HOUR;
	const startMs = performance.now();
	let errors = 0;
	const batches = Array.from({ length: Math.ceil(DEVICES / (MAX_WORDS / 2)) }, (_, at) => at * (MAX_WORDS / 2));
	const lanes = Array.from({ length: 20 }, async () => {
		for (let from = batches.shift(); from !== undefined; from = batches.shift()) {
			await run(port, "report", from, MAX_WORDS / 2, burstAt).catch(() => errors++);
		}
	});
	await Promise.all(lanes);
	const burstSeconds = (performance.now() - startMs) / 1_000;

	showProgress("summaries");
	const counted = await run(port, "count", 0, 0, burstAt);
	await run(port, "summary", 0, 0, burstAt);
	const summary = await run(port, "summary", 0, 0, burstAt);
	const told = await run(port, "tell", 0, 0, burstAt);
	return {
		...{ devices: DEVICES, rowsSteady: steady / OBSERVED, rowsUpdate: update / OBSERVED },
		burst: { seconds: burstSeconds, errors, perSecond: DEVICES / burstSeconds },
		...{ counted, summary, told },
		...{ small: await measureSmall(port, now), census: await measureCensus(port, now) },
	};
}

/** A day of one account of 100 devices that are updated once. */
async function measureSmall(port: number, now: number): Promise<Done> {
	showProgress("a day of a small account");
	await run(port, "create", 0, 0, now, 1);
	await run(port, "activate", 0, SMALL, now, 1);
	// A day before, after which the first words of all are told.
	await run(port, "day", 0, SMALL, now, 1);
	return run(port, "day", 0, SMALL, now + 24 * HOUR, 1);
}

async function measureCensus(port: number, now: number) {
	const task = (name: CensusTask, from = 0, count = 0, at = now) =>
		ask(port, { task: name, from, count, now: at, account: -1 });
	for (let from = 0; from < CENSUS_ACCOUNTS; from += 500) {
		showProgress(`summaries of accounts, ${from} of ${CENSUS_ACCOUNTS}`);
		await task("fill", from, 500);
	}
	const counted = await task("count");
	// The first one counts all.
	await task("fleet");
	const takes = await task("fill", 0, 500, now + 60);
	const [fleet, silent, sample] = [await task("fleet"), await task("silent"), await task("sample")];
	return { accounts: CENSUS_ACCOUNTS, takes, counted, fleet, silent, sample };
}

type Figures = Awaited<ReturnType<typeof measure>>;

/** USD a month; list prices, without what plans include. */
function usdOf(use: { rowsWritten: number; rowsRead: number; calls: number }) {
	const perMonth = (count: number, price: number) => ((count * DAYS_PER_MONTH) / 1e6) * price;
	return {
		rowsWritten: perMonth(use.rowsWritten, PRICES.rowsWritten),
		rowsRead: perMonth(use.rowsRead, PRICES.rowsRead),
		calls: perMonth(use.calls, PRICES.objectCalls),
		awake: perMonth(use.calls * GB_SECONDS_PER_CALL, PRICES.objectGbSeconds),
	};
}

/** 15,000 accounts of 100 devices, each with one update a day. Not batched at all: a call for each word. */
function monthOf({ small, census }: Figures) {
	const accounts = SMALL_ACCOUNTS;
	const samples = (24 * 60 * census.sample.rowsWritten) / accounts;
	return usdOf({
		rowsWritten: accounts * (small.rowsWritten + small.alarmsSet + samples),
		rowsRead: accounts * small.rowsRead,
		/** its parts are words and alarms, and each summary is a call of the Census */
		calls: accounts * (small.parts + small.summaries),
	});
}

/** Of that only what words of devices cost, without summaries and alarms. */
function wordsOf({ rowsSteady, rowsUpdate }: Figures) {
	return usdOf({ rowsWritten: FLEET * (rowsSteady + rowsUpdate), rowsRead: 0, calls: FLEET * (CHECKS_A_DAY + 3) });
}

function format(figures: Figures): string {
	const { rowsSteady, rowsUpdate, burst, counted, summary, told, devices, small, census } = figures;
	const dollars = (usd: Record<string, number>) =>
		`${Object.entries(usd)
			.map(([name, value]) => `${name} $${value.toFixed(0)}`)
			.join(", ")}; $${Object.values(usd)
			.reduce((sum, value) => sum + value, 0)
			.toFixed(0)}`;
	const ms = (done: Done) => `${done.ms.toFixed(1)} ms, ${done.rowsRead} rows read`;
	return [
		`rows written a device and day without news: ${rowsSteady.toFixed(2)} (goal: at most ${ROWS_GOAL})`,
		`rows written by an update, permit and reports: ${rowsUpdate.toFixed(2)}`,
		`${devices} devices of one account report: ${burst.seconds.toFixed(1)} s, ${Math.round(burst.perSecond)} devices/s, ${burst.errors} errors (goal: within ${BURST_GOAL_SECONDS} s, 0)`,
		`that account's devices counted after a start: ${ms(counted)}, in ${counted.parts} parts, the longest ${counted.longestMs.toFixed(0)} ms`,
		`each summary after that: ${ms(summary)}; telling it ${ms(told)}, ${told.rowsWritten} rows written`,
		`a day of ${SMALL} devices in one account, with an update: ${small.rowsWritten} rows written, ${small.rowsRead} read, ${small.summaries} summaries, ${small.alarmsRung} alarms, set ${small.alarmsSet} times`,
		`Census of ${census.accounts} accounts, counted after a start: ${ms(census.counted)}, in ${census.counted.parts} parts, the longest ${census.counted.longestMs.toFixed(0)} ms`,
		`  taking a summary: ${(census.takes.ms / 500).toFixed(2)} ms, ${census.takes.rowsWritten / 500} rows written; the fleet ${ms(census.fleet)}; the silent ${ms(census.silent)}; a sample ${ms(census.sample)}, ${census.sample.rowsWritten} written`,
		`a month of ${FLEET} devices with an update a day, words alone: ${dollars(wordsOf(figures))}`,
		`a month of ${SMALL_ACCOUNTS} accounts of ${SMALL}, summaries and alarms with it: ${dollars(monthOf(figures))}`,
	].join("\n");
}

async function start(folder: string): Promise<Figures> {
	showProgress("building the Worker");
	const { port, stop } = await startFleet(root, folder);
	try {
		return await measure(port);
	} finally {
		await stop();
	}
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
// At any exit: Ctrl-C ends the process inside Miniflare, which stops workerd and returns to nobody.
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
	const figures = await start(folder);
	endProgress();
	const document = { ...figures, usd: { words: wordsOf(figures), month: monthOf(figures) } };
	process.stdout.write(options.json ? `${JSON.stringify(document, null, "\t")}\n` : `${format(figures)}\n`);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
