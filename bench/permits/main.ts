// `npm run bench:permits`: how many permits and reports a second one Product takes while few may have a release, with 1,000 leases and
// with 100,000. `--json` prints one document, `--quick` only shows that everything runs.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { readMachine } from "../machine.ts";
import { endProgress, showProgress } from "../progress.ts";
import { send } from "../stage/operator.ts";
import { median } from "../statistics.ts";
import { buildProbe } from "../workerd/bundle.ts";
import { startWorkers } from "../workerd/workers.ts";
import type { Done, Task } from "./permits-worker.ts";

interface Figure {
	readonly task: Task;
	/** leases that there were */
	readonly leases: number;
	/** µs of one call, the median of the rounds */
	readonly micros: number;
	readonly perSecond: number;
	/** rows that one call writes, with those of indexes */
	readonly rows: number;
}

const root = join(import.meta.dirname, "../..");
const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});
const SIZES = options.quick ? [100] : [1_000, 100_000];
const ROUNDS = options.quick ? 1 : 11;
const CALLS = options.quick ? 10 : 500;
const CALLS_AT_ONCE = 5_000;

async function measure(port: number): Promise<Figure[]> {
	const carryOut = async (task: Task, from: number, count: number) => {
		const startMs = performance.now();
		const { status, body } = await send({ port, method: "GET", path: `/?task=${task}&from=${from}&count=${count}` });
		const ms = performance.now() - startMs;
		if (status !== 200) throw new Error(`${task}: ${status} ${body.slice(0, 200)}`);
		const done = JSON.parse(body) as Done;
		if (done.unexpected > 0) throw new Error(`${task}: ${done.unexpected} answers were not as expected`);
		return { micros: (ms * 1_000) / count, rows: done.rowsWritten / count };
	};
	const figures: Figure[] = [];
	let leases = 0;
	const fill = async (upTo: number) => {
		while (leases < upTo) {
			showProgress(`${leases} of ${upTo} leases`);
			const count = Math.min(CALLS_AT_ONCE, upTo - leases);
			await carryOut("permit", leases, count);
			await carryOut("report", leases, count);
			leases += count;
		}
	};
	await carryOut("create", 0, 1);
	for (const size of SIZES) {
		await fill(size);
		const rounds = new Map<Task, { micros: number; rows: number }[]>();
		for (let round = 0; round < ROUNDS; round++) {
			for (const task of ["permit", "again", "report", "refused"] as const) {
				const from = leases;
				const done = await carryOut(task, from, CALLS);
				rounds.set(task, [...(rounds.get(task) ?? []), done]);
			}
			leases += CALLS;
		}
		for (const [task, each] of rounds) {
			const micros = median(each.map((one) => one.micros));
			figures.push({ task, leases: size, micros, perSecond: 1e6 / micros, rows: median(each.map(({ rows }) => rows)) });
		}
	}
	return figures;
}

const TITLES: Readonly<Record<Task, string>> = {
	create: "",
	permit: "permit, a new lease",
	again: "permit, the same lease again",
	report: "report: healthy",
	refused: "permit of a halted rollout, refused",
};

async function runAll(folder: string) {
	showProgress("building the Worker");
	const production = readConfig({ config: join(root, "wrangler.toml") }, { hideWarnings: true });
	const { compatibility_date: compatibilityDate = "", compatibility_flags: compatibilityFlags, vars } = production;
	const script = await buildProbe(root, `${import.meta.dirname}/permits-worker.ts`, folder, compatibilityDate);
	const classes = { ACCOUNT: "Account", PRODUCT: "Product", DIRECTORY: "Directory" };
	const objects = Object.entries(classes).map(([name, className]) => [name, { className, useSQLite: true }]);
	const workers = await startWorkers([
		{
			name: "permits",
			...{ compatibilityDate, compatibilityFlags, modules: true, script },
			bindings: { ...vars, RECORD_STORE: "kv", MAC_KEYS: `bench:${"0".repeat(43)}` },
			durableObjects: Object.fromEntries(objects),
		},
	]);
	try {
		const figures = await measure(workers.ports.get("permits") ?? 0);
		return { machine: await readMachine(root), rounds: ROUNDS, calls: CALLS, figures };
	} finally {
		await workers.stop();
	}
}

function format({ machine, figures }: Awaited<ReturnType<typeof runAll>>): string {
	const row = (title: string, ...cells: readonly string[]) =>
		title.padEnd(38) + cells.map((cell) => cell.padStart(12)).join("");
	const lines = figures.map(({ task, leases, micros, perSecond, rows }) =>
		row(TITLES[task], leases.toLocaleString("en-US"), micros.toFixed(0), perSecond.toFixed(0), rows.toFixed(1)),
	);
	return [
		machine,
		"",
		row("one Product, called inside itself", "leases", "median µs", "per second", "rows"),
		...lines,
	].join("\n");
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
// At any exit: Ctrl-C ends the process inside Miniflare, which stops workerd and returns to nobody.
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
	const report = await runAll(folder);
	endProgress();
	process.stdout.write(options.json ? `${JSON.stringify(report, null, "\t")}\n` : `${format(report)}\n`);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
