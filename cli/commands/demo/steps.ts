// The demo's steps: each is timed and told as it ends, as a line for people or as one JSON object.
import { performance } from "node:perf_hooks";
import { StepFailed } from "../../errors.ts";
import { type Output, printable, type Surroundings, writeFailure } from "../../terminal/output.ts";

const NAME_WIDTH = 12;
const MS_WIDTH = 7;

export interface StepResult<T> {
	readonly value: T;
	/** what a step has to say: for --json, snake_case */
	readonly facts: Readonly<Record<string, unknown>>;
	/** the same for people, in one line */
	readonly line: string;
}

export type RunStep = <T>(name: string, work: () => Promise<StepResult<T>>) => Promise<T>;

/** @returns a function that runs one step, tells it, and throws on what the step throws */
export function createSteps(output: Output, surroundings: Surroundings): RunStep {
	return async (name, work) => {
		const started = performance.now();
		const elapsed = () => Math.round((performance.now() - started) * 10) / 10;
		const write = (mark: string, ms: number, line: string) =>
			surroundings.stdout.write(
				`${mark} ${name.padEnd(NAME_WIDTH)} ${`${Math.round(ms)} ms`.padStart(MS_WIDTH)}  ${printable(line)}\n`,
			);
		try {
			const { value, facts, line } = await work();
			const ms = elapsed();
			if (output.json) surroundings.stdout.write(`${JSON.stringify({ step: name, ok: true, ms, ...facts })}\n`);
			else write("✓", ms, line);
			return value;
		} catch (error) {
			const ms = elapsed();
			const message = error instanceof Error ? error.message : String(error);
			if (output.json) surroundings.stdout.write(`${JSON.stringify({ step: name, ok: false, ms, error: message })}\n`);
			else write("✗", ms, "failed");
			writeFailure(surroundings.stderr, error, output.json);
			throw new StepFailed(name, error);
		}
	};
}
