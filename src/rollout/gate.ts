// Does the evidence of a step say that the release is good, that it is bad, or not enough? Silence is failure, and is counted as
// such before it comes here. Judged as often as one likes: a sequential test does not turn on a healthy release because it is asked
// again and again, as a threshold on a rate would.
import { z } from "zod";
import { type ControlEvidence, failuresOf, NO_STEP_EVIDENCE, type StepEvidence } from "./evidence.ts";

/** What is rarer than one in a million no test of a fleet can tell from never. */
const probability = z.number().min(1e-6).lt(1);

/** For steps too small for statistics: so many failures are let pass, and so many units have to be healthy. */
const countGate = z.strictObject({
	kind: z.literal("count"),
	maxFailures: z.int().min(0).max(100).describe("Units that may fail or stay silent; one more halts the rollout"),
	minHealthy: z.int().min(0).max(10_000).describe("Units that have to be healthy before the step passes"),
});

/** Wald's sequential probability ratio test (The Annals of Mathematical Statistics 16, 1945): does the release fail like p0, or like p1? */
const sequentialGate = z
	.strictObject({
		kind: z.literal("sequential"),
		p0: probability.describe("Share of failures that is usual; raised to that of the units without the release"),
		p1: probability.describe("Share of failures that must be noticed"),
		alpha: probability.describe("How often a release that fails like p0 may be stopped"),
		beta: probability.describe("How often a release that fails like p1 may be let pass"),
	})
	.refine(({ p0, p1 }) => p0 < p1, "what must be noticed (p1) is more than what is usual (p0)")
	// Else no evidence at all would be a verdict.
	.refine(({ alpha, beta }) => alpha + beta < 1, "alpha and beta together are less than 1");

export const gate = z.discriminatedUnion("kind", [countGate, sequentialGate]);
export type Gate = z.infer<typeof gate>;

export type Verdict = "pass" | "insufficient" | "abort";

/** From good to bad. */
const ORDER: readonly Verdict[] = ["pass", "insufficient", "abort"];

/** @returns whether the first verdict is worse than the second */
export function isWorse(verdict: Verdict, than: Verdict): boolean {
	return ORDER.indexOf(verdict) > ORDER.indexOf(than);
}

/** The rate of a control with fewer units than this is an accident. */
const MIN_CONTROL = 50;
/**
 * However much of a control fails, be it broken or hostile, no more than this passes for usual, and no more than twice what the gate is
 * made to notice: a release that fails three times as often as that is noticed, whatever the control shows.
 */
const MOST_USUAL = 0.1;

/**
 * @param acknowledged failures that persons took note of when they let the rollout go on
 * @returns for a count: abort above its failures, pass when enough are healthy. For a sequential test: Wald's bounds.
 */
export function judge(gate: Gate, evidence: StepEvidence, control: ControlEvidence, acknowledged: number): Verdict {
	const failures = Math.max(0, failuresOf(evidence) - acknowledged);
	if (gate.kind === "count") {
		if (failures > gate.maxFailures) return "abort";
		return evidence.healthy >= gate.minHealthy ? "pass" : "insufficient";
	}
	const { abortAt, passAt } = boundsOf(gate);
	const ratio = logLikelihoodRatio(ratesOf(gate, control), failures, evidence.healthy);
	if (ratio >= abortAt) return "abort";
	return ratio <= passAt ? "pass" : "insufficient";
}

interface Rates {
	readonly p0: number;
	readonly p1: number;
}

type SequentialGate = Extract<Gate, { kind: "sequential" }>;

/**
 * What is usual is at least what happens without the release; what must be noticed lies as far above it as the plan says. So a control
 * makes each failure weigh less and each healthy unit more, and by no more than `MOST_USUAL` does.
 */
function ratesOf({ p0, p1 }: SequentialGate, { healthy, failed }: ControlEvidence): Rates {
	const units = healthy + failed;
	if (units < MIN_CONTROL) return { p0, p1 };
	// Half of the way to 1 at most: something must be left to be noticed.
	const most = Math.min(MOST_USUAL, 2 * p1, p0 + (1 - p1) / 2);
	const usual = Math.max(p0, Math.min(failed / units, most));
	return { p0: usual, p1: p1 + (usual - p0) };
}

function logLikelihoodRatio({ p0, p1 }: Rates, failures: number, healthy: number): number {
	return failures * Math.log(p1 / p0) + healthy * Math.log((1 - p1) / (1 - p0));
}

function boundsOf({ alpha, beta }: SequentialGate): { readonly abortAt: number; readonly passAt: number } {
	return { abortAt: Math.log((1 - beta) / alpha), passAt: Math.log(beta / (1 - alpha)) };
}

/**
 * The same with whoever is overdue counted as failed. The healthy answer within minutes and the dead only by the end of their lease:
 * whoever waits for the lease sees nothing but health for hours, and lets a bad release pass.
 */
export function suspect(gate: Gate, evidence: StepEvidence, control: ControlEvidence, acknowledged: number): Verdict {
	return judge(gate, { ...evidence, silent: evidence.silent + evidence.overdue }, control, acknowledged);
}

/** What a step can notice: to be told before anybody approves it. */
export interface Power {
	/** share of failures that the gate is made to notice; null = any failure above the number it lets pass */
	readonly notices: number | null;
	/** healthy units that it needs when nothing fails */
	readonly healthyToPass: number;
	/** failures in a row that stop it */
	readonly failuresToAbort: number;
}

/** @returns what the gate can notice, with as many failures as are usual */
export function powerOf(gate: Gate): Power {
	if (gate.kind === "count") {
		return { notices: null, healthyToPass: gate.minHealthy, failuresToAbort: gate.maxFailures + 1 };
	}
	const { p0, p1 } = gate;
	const { abortAt, passAt } = boundsOf(gate);
	return {
		notices: p1,
		healthyToPass: Math.ceil(passAt / Math.log((1 - p1) / (1 - p0))),
		failuresToAbort: Math.ceil(abortAt / Math.log(p1 / p0)),
	};
}

/** A control of which everything fails: with it healthy units weigh most. */
const WORST_CONTROL = { healthy: 0, failed: 1_000_000 };

/** @returns whether the gate can pass a step of so many units, be all of them healthy */
export function canPass(gate: Gate, units: number): boolean {
	return judge(gate, { ...NO_STEP_EVIDENCE, healthy: units }, WORST_CONTROL, 0) === "pass";
}
