// A run of steps at the command line: Ctrl-C calls it off, what was begun is taken back all the same, and each step is told as it ends.
// What the steps work with is made here.
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import type { syntheticShape } from "../command-line/synthetic-options.ts";
import { type PublishText, publishFrom } from "../commands/publish/publish-text.ts";
import { CliError } from "../errors.ts";
import type { OperatorApi } from "../http/operator-api.ts";
import { whenInterrupted } from "../terminal/interruption.ts";
import { type Output, printable, type Surroundings } from "../terminal/output.ts";
import { openFirewall, type SyntheticFirewall } from "./firewall.ts";
import { runSteps, type StepClock, type StepEnd, type TimedStep } from "./timed-steps.ts";

/** Of one product alone: who clears away after a drill that was killed must not take a smoke test's keys. No product's name has a dot. */
const prefixOf = (product: string) => `parapet-synthetic-${product}.`;
const NAME_WIDTH = 12;
const MS_WIDTH = 8;

/** What the steps of a run work with. */
export interface RunParts extends StepClock {
	readonly api: OperatorApi;
	readonly publish: PublishText;
	readonly openFirewall: (name: string) => SyntheticFirewall;
	/** names this run alone: eight hexadecimal digits */
	readonly run: string;
	/** a run that began so long ago was killed */
	readonly killedAfterMs: number;
}

export interface StepRun {
	readonly surroundings: Surroundings;
	readonly output: Output;
	readonly api: OperatorApi;
	readonly product: string;
	readonly options: z.infer<z.ZodObject<typeof syntheticShape>>;
	readonly plan: (parts: RunParts) => { readonly steps: readonly TimedStep[]; readonly always: readonly TimedStep[] };
}

/** @returns how each step ended; see `runSteps` */
export async function runAtTerminal({
	surroundings,
	output,
	api,
	product,
	options,
	plan,
}: StepRun): Promise<readonly StepEnd[]> {
	const { nowMs, sleep } = surroundings;
	const killedAfterMs = options.killedAfter * 60_000;
	await dropFoldersOfKilled(prefixOf(product), nowMs() - killedAfterMs);
	const folder = await mkdtemp(join(tmpdir(), prefixOf(product)));
	const interruption = whenInterrupted();
	const controller = new AbortController();
	void interruption.promise.then(() => controller.abort());
	try {
		const { steps, always } = plan({
			...{ api, nowMs, sleep, killedAfterMs, run: randomBytes(4).toString("hex") },
			publish: publishFrom(folder, product, api, nowMs),
			openFirewall: (name) => openFirewall(join(folder, name), product, api.server, surroundings),
		});
		const limitMs = options.stepLimit * 1_000;
		return await runSteps(steps, always, { nowMs, sleep, limitMs, signal: controller.signal, onEnd: tell });
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
async function dropFoldersOfKilled(prefix: string, beforeMs: number): Promise<void> {
	for (const name of await readdir(tmpdir())) {
		if (!name.startsWith(prefix)) continue;
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

/** @throws CliError that names the steps which failed, with the code of the first one */
export function expectAllWell(ends: readonly StepEnd[]): void {
	const failed = ends.filter(({ ok }) => !ok);
	if (failed.length === 0) return;
	throw new CliError(`failed: ${failed.map(({ step }) => step).join(", ")}`, { code: failed[0]?.error?.code });
}
