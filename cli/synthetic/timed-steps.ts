// Steps one after the other, each with its time and a limit, so that nothing hangs. The first one that fails ends the row; what was
// begun is then taken back by steps that always run. Time comes from the caller, so that a probe can run the same steps elsewhere.
import { CliError, ServerRefusal } from "../errors.ts";

/** What a step has to say at its end. */
export interface StepNews {
	/** for programs, snake_case */
	readonly facts: Readonly<Record<string, unknown>>;
	/** for people */
	readonly line: string;
}

export interface TimedStep {
	readonly name: string;
	/** @param signal given when the step is out of time or the whole run is called off: a step that waits then stops */
	run(signal: AbortSignal): Promise<StepNews>;
}

export interface StepEnd extends StepNews {
	readonly step: string;
	readonly ok: boolean;
	readonly ms: number;
	/** why it failed; null = it did not */
	readonly error: {
		readonly message: string;
		readonly code: string;
		readonly fix?: string | undefined;
		readonly request_id?: string | undefined;
	} | null;
}

export interface StepClock {
	readonly nowMs: () => number;
	/** rejects when the signal is given before the time is over */
	readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface StepsOptions extends StepClock {
	/** that each step may take */
	readonly limitMs: number;
	/** calls the run off; the steps of `always` run all the same */
	readonly signal: AbortSignal;
	readonly onEnd: (end: StepEnd) => void;
}

/**
 * @param steps run until one fails
 * @param always run afterwards in any case, each of them
 * @returns how each step ended; never throws
 */
export async function runSteps(
	steps: readonly TimedStep[],
	always: readonly TimedStep[],
	options: StepsOptions,
): Promise<readonly StepEnd[]> {
	const ends: StepEnd[] = [];
	const run = async (step: TimedStep, signal: AbortSignal) => {
		const end = await runStep(step, signal, options);
		ends.push(end);
		options.onEnd(end);
		return end.ok;
	};
	for (const step of steps) if (options.signal.aborted || !(await run(step, options.signal))) break;
	for (const step of always) await run(step, new AbortController().signal);
	return ends;
}

async function runStep({ name, run }: TimedStep, signal: AbortSignal, options: StepsOptions): Promise<StepEnd> {
	const { nowMs, sleep, limitMs } = options;
	const startedMs = nowMs();
	const over = new AbortController();
	const either = AbortSignal.any([signal, over.signal]);
	const calledOff = new Promise<never>((_, reject) => {
		signal.addEventListener("abort", () => reject(interrupted()), { once: true });
	});
	const outOfTime = sleep(limitMs, either).then(() => {
		throw new CliError(`not done within ${limitMs / 1000} s`, { code: "step_too_slow" });
	});
	// Whoever loses the race is not waited for, and what becomes of it is no news.
	for (const loser of [calledOff, outOfTime]) loser.catch(() => {});
	const work = run(either);
	work.catch(() => {});
	try {
		const news = await Promise.race([work, calledOff, outOfTime]);
		return { step: name, ok: true, ms: nowMs() - startedMs, ...news, error: null };
	} catch (error) {
		const ms = nowMs() - startedMs;
		return { step: name, ok: false, ms, facts: {}, line: "failed", error: describe(error, signal) };
	} finally {
		over.abort();
	}
}

function interrupted(): CliError {
	return new CliError("interrupted", { code: "interrupted" });
}

function describe(error: unknown, signal: AbortSignal): NonNullable<StepEnd["error"]> {
	const known = signal.aborted ? interrupted() : error;
	if (!(known instanceof CliError)) {
		return { message: known instanceof Error ? known.message : String(known), code: "unexpected" };
	}
	const { message, code, fix } = known;
	const requestId = known instanceof ServerRefusal ? known.refusal.requestId : undefined;
	return { message, code, fix, request_id: requestId };
}

const POLL_MS = 1_000;

/** Asks again and again until it is so; the step's limit ends it. @returns what was found */
export async function untilFound<T>(clock: StepClock, signal: AbortSignal, look: () => Promise<T | null>): Promise<T> {
	for (;;) {
		const found = await look();
		if (found !== null) return found;
		signal.throwIfAborted();
		await clock.sleep(POLL_MS, signal);
	}
}
