// A run of steps at the command line: Ctrl-C calls it off, what was begun is taken back all the same, and each step is told as it ends.
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whenInterrupted } from "../terminal/interruption.ts";
import { type Output, printable, type Surroundings } from "../terminal/output.ts";
import { runSteps, type StepEnd, type TimedStep } from "./timed-steps.ts";

const FOLDER_PREFIX = "parapet-synthetic-";
const NAME_WIDTH = 12;
const MS_WIDTH = 8;

export interface StepRun {
	readonly surroundings: Surroundings;
	readonly output: Output;
	readonly limitMs: number;
	/** a run that began so long ago was killed */
	readonly killedAfterMs: number;
	/** @param folder for the firewalls' state, removed at the end */
	readonly plan: (folder: string) => { readonly steps: readonly TimedStep[]; readonly always: readonly TimedStep[] };
}

/** @returns how each step ended; see `runSteps` */
export async function runAtTerminal({
	surroundings,
	output,
	limitMs,
	killedAfterMs,
	plan,
}: StepRun): Promise<readonly StepEnd[]> {
	await dropFoldersOfKilled(surroundings.nowMs() - killedAfterMs);
	const folder = await mkdtemp(join(tmpdir(), FOLDER_PREFIX));
	const interruption = whenInterrupted();
	const controller = new AbortController();
	void interruption.promise.then(() => controller.abort());
	const { nowMs, sleep } = surroundings;
	try {
		const { steps, always } = plan(folder);
		const options = { nowMs, sleep, limitMs, signal: controller.signal, onEnd: (end: StepEnd) => tell(end) };
		return await runSteps(steps, always, options);
	} finally {
		interruption.forget();
		// A step that was given up may still be writing.
		await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
	}

	function tell({ step, ok, ms, line, error }: StepEnd): void {
		if (output.json) return;
		const what = error === null ? line : `${error.message}${error.fix === undefined ? "" : `\n  fix: ${error.fix}`}`;
		surroundings.stdout.write(
			`${ok ? "✓" : "✗"} ${step.padEnd(NAME_WIDTH)} ${`${Math.round(ms)} ms`.padStart(MS_WIDTH)}  ${printable(what)}\n`,
		);
	}
}

/** Of runs on this machine; there are keys of firewalls in them. */
async function dropFoldersOfKilled(beforeMs: number): Promise<void> {
	for (const name of await readdir(tmpdir())) {
		if (!name.startsWith(FOLDER_PREFIX)) continue;
		const folder = join(tmpdir(), name);
		const found = await stat(folder).catch(() => null);
		// Those of other users stay.
		if (found !== null && found.mtimeMs <= beforeMs) await rm(folder, { recursive: true, force: true }).catch(() => {});
	}
}

/** @returns a step's end as --json tells it */
export function stepToWire({ step, ok, ms, facts, error }: StepEnd) {
	return { step, ok, ms, ...facts, ...(error === null ? {} : { error }) };
}

/** @returns eight hexadecimal digits that name a run */
export function newRunName(): string {
	return randomBytes(4).toString("hex");
}
