// `npm run bench:seats`: what elastic seats cost in an account with 100,000 of them, beside one with 1,000. `--json` prints
// one document, `--quick` only shows that everything runs. Ends with 1 when a device was refused; a missed goal is not an error.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { readMachine } from "../machine.ts";
import { endProgress, showProgress } from "../progress.ts";
import { buildProbe } from "../workerd/bundle.ts";
import { startWorkers } from "../workerd/workers.ts";
import { judgeSeats } from "./goals.ts";
import { measureSeats, type SeatsPlan } from "./measure.ts";
import { formatSeatsReport, type SeatsReport } from "./report.ts";

const FULL: SeatsPlan = { small: 1_000, large: 100_000, rounds: 9 };
const QUICK: SeatsPlan = { small: 1_000, large: 3_000, rounds: 1 };

const root = join(import.meta.dirname, "../..");
const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});

async function runAll(folder: string): Promise<SeatsReport> {
	const settings = options.quick ? QUICK : FULL;
	const machine = await readMachine(root);
	showProgress("building the Worker");
	const production = readConfig({ config: join(root, "wrangler.toml") }, { hideWarnings: true });
	const { compatibility_date: compatibilityDate = "", compatibility_flags: compatibilityFlags, vars } = production;
	const script = await buildProbe(root, `${import.meta.dirname}/seats-worker.ts`, folder, compatibilityDate);
	const classes = { ACCOUNT: "Account", DIRECTORY: "Directory" };
	const objects = Object.entries(classes).map(([name, className]) => [name, { className, useSQLite: true }]);
	const workers = await startWorkers([
		{
			name: "seats",
			...{ compatibilityDate, compatibilityFlags, modules: true, script },
			bindings: { ...vars, RECORD_STORE: "kv", MAC_KEYS: `bench:${"0".repeat(43)}` },
			durableObjects: Object.fromEntries(objects),
		},
	]);
	try {
		return { machine, settings, ...(await measureSeats(workers.ports.get("seats") ?? 0, settings)) };
	} finally {
		await workers.stop();
	}
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
// At any exit: Ctrl-C ends the process inside Miniflare, which stops workerd and returns to nobody.
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
	const report = await runAll(folder);
	endProgress();
	const document = { ...report, goals: judgeSeats(report) };
	process.stdout.write(options.json ? `${JSON.stringify(document, null, "\t")}\n` : `${formatSeatsReport(report)}\n`);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
