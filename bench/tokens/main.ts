// `npm run bench:tokens`: what an access token costs inside workerd, to make and to read, in the service's own form and as a
// JWT. `--quick` only shows that it runs. Ends with 1 when the Worker does not answer.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { readMachine } from "../machine.ts";
import { endProgress, showProgress } from "../progress.ts";
import { send } from "../stage/operator.ts";
import { buildProbe } from "../workerd/bundle.ts";
import { startWorkers } from "../workerd/workers.ts";
import type { Operation } from "./tokens-worker.ts";

const FORMS = {
	sealed: "sealed claims (the service's own)",
	hs256: "JWT, HS256, by jose",
	es256: "JWT, ES256, by jose",
};
/** A request with a few shows what the request costs, and one with many what they do. */
const FEW = 100;

const root = join(import.meta.dirname, "../..");
const { values: options } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const { rounds, many } = options.quick ? { rounds: 1, many: 500 } : { rounds: 9, many: 10_000 };

async function ask(port: number, operation: Operation, times: number): Promise<{ ms: number; length: number }> {
	const startedAt = performance.now();
	const { status, body } = await send({ port, method: "GET", path: `/?operation=${operation}&times=${times}` });
	if (status !== 200) throw new Error(`${operation}: ${status} ${body}`);
	return { ms: performance.now() - startedAt, length: (JSON.parse(body) as { length: number }).length };
}

/** @returns µs of one, in the best of the rounds: whatever else the machine does only adds to it */
async function measure(port: number, operation: Operation): Promise<number> {
	let best = Number.POSITIVE_INFINITY;
	for (let round = 0; round < rounds; round++) {
		const few = await ask(port, operation, FEW);
		const all = await ask(port, operation, many);
		best = Math.min(best, ((all.ms - few.ms) * 1000) / (many - FEW));
	}
	return best;
}

async function run(folder: string): Promise<readonly string[]> {
	showProgress("building the Worker");
	const production = readConfig({ config: join(root, "wrangler.toml") }, { hideWarnings: true });
	const { compatibility_date: compatibilityDate = "", compatibility_flags: compatibilityFlags } = production;
	const script = await buildProbe(root, `${import.meta.dirname}/tokens-worker.ts`, folder, compatibilityDate);
	const shared = { compatibilityDate, compatibilityFlags, modules: true as const, script };
	const workers = await startWorkers([{ name: "tokens", ...shared }]);
	try {
		const port = workers.ports.get("tokens") ?? 0;
		const lines = [
			`${"access token, µs of one in workerd".padEnd(40)}${"make".padStart(8)}${"read".padStart(8)}  characters`,
		];
		for (const [form, title] of Object.entries(FORMS) as [keyof typeof FORMS, string][]) {
			showProgress(title);
			const { length } = await ask(port, `${form}-make`, FEW);
			const [make, read] = [await measure(port, `${form}-make`), await measure(port, `${form}-read`)];
			lines.push(
				`${title.padEnd(40)}${make.toFixed(1).padStart(8)}${read.toFixed(1).padStart(8)}${String(length).padStart(12)}`,
			);
		}
		return lines;
	} finally {
		await workers.stop();
	}
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
	const lines = await run(folder);
	endProgress();
	process.stdout.write(`${[await readMachine(root), ...lines].join("\n")}\n`);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
