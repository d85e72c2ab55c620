// `npm run bench:waking`: what an Account costs that is called after it was thrown out of memory, beside an object that has
// one table and nothing to do. `--json` prints one document, `--quick` only shows that everything runs.
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
import { measureWaking, type WakingPlan } from "./measure.ts";
import { formatWakingReport, type WakingReport } from "./report.ts";

const FULL: WakingPlan = { objects: 100, rounds: 21 };
const QUICK: WakingPlan = { objects: 10, rounds: 1 };

const root = join(import.meta.dirname, "../..");
const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});

async function runAll(folder: string): Promise<WakingReport> {
	const settings = options.quick ? QUICK : FULL;
	const machine = await readMachine(root);
	showProgress("building the Worker");
	const production = readConfig({ config: join(root, "wrangler.toml") }, { hideWarnings: true });
	const { compatibility_date: compatibilityDate = "", compatibility_flags: compatibilityFlags, vars } = production;
	const script = await buildProbe(root, `${import.meta.dirname}/waking-worker.ts`, folder, compatibilityDate);
	const classes = { ACCOUNT: "Account", BARE: "Bare", DIRECTORY: "Directory" };
	const objects = Object.entries(classes).map(([name, className]) => [name, { className, useSQLite: true }]);
	const workers = await startWorkers([
		{
			name: "waking",
			...{ compatibilityDate, compatibilityFlags, modules: true, script },
			bindings: { ...vars, RECORD_STORE: "kv", MAC_KEYS: `bench:${"0".repeat(43)}` },
			durableObjects: Object.fromEntries(objects),
		},
	]);
	try {
		const stage = { port: workers.ports.get("waking") ?? 0, pids: workers.pids };
		return { machine, settings, ...(await measureWaking(stage, settings)) };
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
	process.stdout.write(options.json ? `${JSON.stringify(report, null, "\t")}\n` : `${formatWakingReport(report)}\n`);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
