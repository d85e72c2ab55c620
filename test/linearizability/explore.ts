// Many histories, and what came of them. All follow from one seed; the first that fails is made as short as it can be.
import fc from "fast-check";
import { type Finding, judge } from "./judge.ts";
import { type Plan, plan } from "./plan.ts";
import { record } from "./recorder.ts";
import type { SeatsObject } from "./seats-object.ts";

export interface Exploration {
	readonly histories: number;
	/** in all of them, attempts counted one by one */
	readonly calls: number;
	readonly lostAnswers: number;
	/** of the object */
	readonly deaths: number;
	/** null = nothing was found; what follows it was not run */
	readonly failure: Failure | null;
}

export interface Failure {
	/** with which `main.ts --seed <n> --path <p>` shows it again */
	readonly seed: number;
	readonly path: string;
	/** the shortest that still fails */
	readonly plan: Plan;
	readonly findings: readonly Finding[];
}

export interface ExplorationOptions {
	readonly histories: number;
	readonly seed: number;
	/** of a failure that is to be shown again */
	readonly path?: string;
	/** makes what stands in front of the object in one history, for it may keep something in memory */
	readonly makeWrap?: () => (account: SeatsObject) => SeatsObject;
	/** a failure is shown as short as it has become by then; 0 = as it was found */
	readonly shrinkMs?: number;
	/** called after each history, with how many there have been */
	readonly onProgress?: (histories: number) => void;
}

const SHRINK_MS = 20_000;

/**
 * Records histories and judges them, until one fails.
 * @throws what the recording itself throws, which is a mistake in it
 */
export async function explore(options: ExplorationOptions): Promise<Exploration> {
	const { histories, seed, path, makeWrap = () => (account) => account, shrinkMs = SHRINK_MS, onProgress } = options;
	const figures = { histories: 0, calls: 0, lostAnswers: 0, deaths: 0 };
	let found: { plan: Plan; findings: readonly Finding[] } | null = null;
	let shrinkUntilMs = Number.POSITIVE_INFINITY;
	const property = fc.asyncProperty(plan, async (drawn) => {
		if (performance.now() >= shrinkUntilMs) return true;
		const history = await record(drawn, makeWrap());
		const findings = judge(drawn, history);
		if (findings.length > 0) {
			found = { plan: drawn, findings };
			shrinkUntilMs = Math.min(shrinkUntilMs, performance.now() + shrinkMs);
		}
		if (found !== null) return findings.length === 0;
		figures.histories += 1;
		figures.calls += history.calls.length;
		figures.lostAnswers += history.calls.filter(({ output }) => output === undefined).length;
		figures.deaths += history.deaths;
		onProgress?.(figures.histories);
		return true;
	});
	const { stackTraceLimit } = Error;
	// Objects die all the time here, and a stack costs more than all else of an error.
	Error.stackTraceLimit = 0;
	const details = await fc.check(property, { seed, numRuns: histories, ...(path !== undefined && { path }) });
	Error.stackTraceLimit = stackTraceLimit;
	if (!details.failed) return { ...figures, failure: null };
	if (found === null) throw details.errorInstance ?? new Error("a history failed, and left no findings");
	const { plan: failing, findings } = found as { plan: Plan; findings: readonly Finding[] };
	const failure = { seed, path: details.counterexamplePath ?? "", plan: failing, findings };
	return { ...figures, failure };
}

/** @returns a failure for people: what shows it again, and what is wrong */
export function formatFailure({ seed, path, plan: { seats, lease, uses }, findings }: Failure): string {
	return [
		`--seed ${seed} --path ${path}`,
		`${seats} seats, ${lease === 0 ? "fixed" : `a lease of ${lease} s`}, ${uses} uses of code b`,
		...findings.map(({ broken, detail }) => `${broken}: ${detail}`),
	].join("\n");
}
