// `npm run bench`: Parapet's production bundle against a bare Worker in the same workerd, and with `--peer` against nginx.
// Ends with 1 when an answer was not as expected, 2 when the options are wrong; a missed goal is not an error. Stopped by
// Ctrl-C or by a failure it prints what it has measured.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { readMachine } from "../machine.ts";
import { endProgress } from "../progress.ts";
import { runBenchmark } from "./benchmark.ts";
import { createFindings } from "./findings.ts";
import { parseBenchOptions } from "./options.ts";
import { formatReport } from "./report.ts";

const root = join(import.meta.dirname, "../..");
const parsed = parseBenchOptions(process.argv.slice(2));
if (!parsed.ok) {
	(parsed.isHelp ? process.stdout : process.stderr).write(parsed.isHelp ? parsed.text : `error: ${parsed.text}\n`);
	process.exit(parsed.isHelp ? 0 : 2);
}
const { options } = parsed;
const findings = createFindings(await readMachine(root), options);

function print(): void {
	endProgress();
	const report = findings.report();
	process.stdout.write(options.json ? `${JSON.stringify(report, null, "\t")}\n` : `${formatReport(report)}\n`);
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
// Before Miniflare's own, which end the process: whatever it started goes with it.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.once(signal, () => {
		findings.fail(`stopped by ${signal}`);
		print();
		process.exit(128 + constants.signals[signal]);
	});
}
try {
	await runBenchmark(root, folder, options, findings);
	findings.complete();
} catch (error) {
	findings.fail(error instanceof Error ? error.message : String(error));
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
print();
