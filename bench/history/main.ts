// `npm run bench:history`: writes a million events by the service's own code into hour files of a folder, then answers each ready report
// from them. `--json` prints one document, `--events` another number, `--quick` only shows that it runs. A missed goal is not an error.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { queryFiles } from "../../cli/commands/history/query-files.ts";
import { REPORT_NAMES, reportSql } from "../../cli/commands/history/reports.ts";
import { formatBytes, formatCount, formatTable } from "../../cli/terminal/output.ts";
import type { HistoryRow } from "../../src/history/fields.ts";
import { CHECK_WEIGHT } from "../../src/telemetry/check-sample.ts";
import { MAX_BATCH_ROWS } from "../../src/telemetry/event-sink.ts";
import { historyRow } from "../../src/telemetry/history-row.ts";
import { createR2HistoryWriter } from "../../src/telemetry/r2-history.ts";
import { readMachine } from "../machine.ts";
import { endProgress, mark, showProgress } from "../progress.ts";
import { DAYS, weekOfEvents } from "./events.ts";

const GOAL_SECONDS = 5;
const QUICK_EVENTS = 20_000;
const EVENTS_PER_DEVICE = 20;
/** A Monday, so that the week is within one month. */
const START_MS = Date.UTC(2026, 10, 16);

const { values: options } = parseArgs({
	options: {
		json: { type: "boolean", default: false },
		quick: { type: "boolean", default: false },
		events: { type: "string", default: "1000000" },
	},
});
const events = options.quick ? QUICK_EVENTS : Number(options.events);
if (!Number.isSafeInteger(events) || events < 1) throw new RangeError("--events takes a whole number from 1 on");

interface Written {
	readonly files: number;
	readonly bytes: number;
	readonly seconds: number;
}

async function writeEvents(folder: string): Promise<Written> {
	let [files, bytes, rows, batches] = [0, 0, 0, 0];
	const write = createR2HistoryWriter({
		put: async (name: string, body: unknown) => {
			await mkdir(dirname(join(folder, name)), { recursive: true });
			await writeFile(join(folder, name), new Uint8Array(body as ArrayBuffer));
			files += 1;
			bytes += (body as ArrayBuffer).byteLength;
			return null;
		},
	} as unknown as R2Bucket);
	// Each is written: the goal is about rows, and the generator's checks stand for those that were drawn already.
	const origin = {
		id: () => `0f5c1a7e-42d1-${(rows++).toString(36)}`,
		version: "bench",
		weighCheck: () => CHECK_WEIGHT,
	};
	const startMs = performance.now();
	let batch: HistoryRow[] = [];
	const flush = async () => {
		await write({ name: `${START_MS}-bench-${(batches++).toString(36)}`, rows: batch });
		batch = [];
	};
	for (const { atMs, event } of weekOfEvents(events, Math.max(1, events / EVENTS_PER_DEVICE), START_MS)) {
		const row = historyRow(event, atMs, origin);
		if (row !== null) batch.push(row);
		if (batch.length === MAX_BATCH_ROWS) await flush();
	}
	if (batch.length > 0) await flush();
	return { files, bytes, seconds: (performance.now() - startMs) / 1_000 };
}

async function timeReports(folder: string) {
	const timed: { report: string; seconds: number; rows: number }[] = [];
	for (const report of REPORT_NAMES) {
		showProgress(report);
		const startMs = performance.now();
		const { rows } = await queryFiles(folder, { sql: await reportSql(report) });
		timed.push({ report, seconds: (performance.now() - startMs) / 1_000, rows: rows.length });
	}
	return timed;
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-history-"));
try {
	const machine = await readMachine(join(import.meta.dirname, "../.."));
	showProgress(`writing ${formatCount(events)} events`);
	const written = await writeEvents(folder);
	const reports = await timeReports(folder);
	endProgress();
	if (options.json)
		console.log(JSON.stringify({ machine, events, days: DAYS, written, reports, goalSeconds: GOAL_SECONDS }));
	else {
		const rows = reports.map(({ report, seconds, rows: found }) => [
			report,
			seconds.toFixed(2),
			found,
			`< ${GOAL_SECONDS}, ${mark(seconds < GOAL_SECONDS)}`,
		]);
		console.log(
			[
				machine,
				`${formatCount(events)} events of ${DAYS} days: ${formatCount(written.files)} files, ${formatBytes(written.bytes)}, written in ${written.seconds.toFixed(1)} s`,
				"",
				...formatTable(["report", "seconds", "rows", "goal"], rows),
			].join("\n"),
		);
	}
} finally {
	await rm(folder, { recursive: true, force: true });
}
