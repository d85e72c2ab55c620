// `npm run bench:cli`: what a command waits for before it begins, beside an empty Node in the same rounds. `--json` prints one
// document, `--quick` only shows that everything runs. Ends with 1 when a command failed; a missed goal is not an error.
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readMachine } from "../machine.ts";
import { endProgress, showProgress } from "../progress.ts";
import { judgeStarts } from "./judge.ts";
import { type CliReport, formatCliReport } from "./report.ts";
import { timeProcess } from "./run-process.ts";
import { openStage } from "./stage.ts";
import { planStarts } from "./starts.ts";

const ROUNDS = 21;
const QUICK_ROUNDS = 2;
/** From this on a Node runs the sources as they are. */
const OWN_MAJOR = 24;

const root = join(import.meta.dirname, "../..");
const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});

/** The Node that npm runs on is the machine's; scripts see the project's first. */
function findOlderNode(): { readonly path: string; readonly version: string } | null {
	const path = process.env["npm_node_execpath"];
	if (path === undefined) return null;
	const version = spawnSync(path, ["--version"], { encoding: "utf8" }).stdout?.trim().replace(/^v/, "") ?? "";
	const major = Number(version.split(".")[0]);
	return major > 0 && major < OWN_MAJOR ? { path, version } : null;
}

async function runAll(folder: string): Promise<CliReport> {
	const rounds = options.quick ? QUICK_ROUNDS : ROUNDS;
	const older = findOlderNode();
	await writeFile(join(folder, "empty.mjs"), "");
	const stage = await openStage(folder);
	try {
		const planned = planStarts(root, folder, { own: process.execPath, older: older?.path ?? null }, stage);
		const starts = planned.map(({ process, ...start }) => ({ process, start: { ...start, rounds: [] as number[] } }));
		// Round 0 compiles what later ones find compiled, and is not counted.
		for (let round = 0; round <= rounds; round++) {
			showProgress(`round ${round} of ${rounds}`);
			for (const { process, start } of starts) {
				const ms = await timeProcess(process(round));
				if (round > 0) start.rounds.push(ms);
			}
		}
		const machine = await readMachine(root);
		return {
			machine,
			settings: { rounds },
			olderNode: older?.version ?? null,
			starts: starts.map(({ start }) => start),
		};
	} finally {
		stage.close();
	}
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
try {
	const report = await runAll(folder);
	endProgress();
	const document = { ...report, judged: judgeStarts(report.starts) };
	process.stdout.write(options.json ? `${JSON.stringify(document, null, "\t")}\n` : `${formatCliReport(report)}\n`);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
} finally {
	await rm(folder, { recursive: true, force: true });
}
