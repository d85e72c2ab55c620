// Where does a rollout go from here? Pure, and asked at each report, each word of a person and each alarm: the same rollout, evidence
// and approvals at the same time give the same answer, and asking again gives nothing new. The gate is asked in every phase, also
// while a person thinks: evidence halts a rollout that waits for its approval.
import { type Approval, approversOf, missingApprovals } from "./approvals.ts";
import { controlEvidence, type Evidence, failuresOf, openLeases, placesTaken, stepEvidence } from "./evidence.ts";
import { judge, type Verdict } from "./gate.ts";
import { isFraction } from "./plan.ts";
import {
	fractionOf,
	lasted,
	type PassedStep,
	type Phase,
	type Rollout,
	rampFullAt,
	stepOf,
	suspicionOf,
} from "./rollout.ts";

/** One change of phase or step. */
export interface Turn {
	readonly from: Phase;
	readonly to: Phase;
	/** at which it is afterwards */
	readonly step: number;
	readonly why: TurnReason;
	/** persons whose word it needed */
	readonly by: readonly string[];
}

export type TurnReason =
	| "approved"
	| "full"
	| "not_filled_in_time"
	| "places_left"
	| "frozen"
	| "freeze_over"
	| "passed"
	| "overridden"
	| "everybody_has_it"
	| "too_many_failures"
	| "resumed"
	| "ordered"
	| "rescheduled";

export interface RolloutDecision {
	readonly rollout: Rollout;
	/** empty = it stays where it is */
	readonly turns: readonly Turn[];
}

/**
 * @param now unix seconds
 * @param frozen until when the product's vendor holds its rollouts up (freeze.ts); null = they may go on
 * @param isHeld whether the first step may not begin, whoever says so: the product's validator has not passed the release
 */
export function decideRollout(
	rollout: Rollout,
	evidence: Evidence,
	approvals: readonly Approval[],
	now: number,
	frozen: number | null = null,
	isHeld = false,
): RolloutDecision {
	const turns: Turn[] = [];
	let current = rollout;
	// Each turn goes forward in a plan that ends; but a resume, which takes note of what halted it, a freeze, which does not end in the
	// same second, and a step whose places were left, which waits for units to take them.
	for (;;) {
		const next = nextTurn(current, evidence, approvals, now, { isFrozen: frozen !== null, isHeld });
		if (next === null) return { rollout: current, turns };
		turns.push({ from: current.phase, to: next.rollout.phase, step: next.rollout.step, why: next.why, by: next.by });
		current = next.rollout;
	}
}

interface NextTurn {
	readonly rollout: Rollout;
	readonly why: TurnReason;
	readonly by: readonly string[];
}

function nextTurn(
	rollout: Rollout,
	evidence: Evidence,
	approvals: readonly Approval[],
	now: number,
	{ isFrozen, isHeld }: { readonly isFrozen: boolean; readonly isHeld: boolean },
): NextTurn | null {
	const { phase } = rollout;
	if (phase === "done" || phase === "ended") return null;
	const verdict = verdictOf(rollout, evidence);
	/** @returns who gave their word; null = not enough have */
	const granted = (kind: Approval["kind"]): readonly string[] | null => {
		const persons = approversOf(rollout, kind, approvals, evidence, verdict);
		return missingApprovals(rollout, kind, persons).persons === 0 ? persons : null;
	};
	if (phase === "halted") {
		const by = granted("resume");
		if (by === null) return null;
		const acknowledged = verdict === "abort" ? noted(rollout, evidence) : rollout.acknowledged;
		// What would halt it again in the same moment is nothing that they can let pass.
		if (verdictOf({ ...rollout, acknowledged }, evidence) === "abort") return null;
		// Who lets it go on does not say that the step may begin.
		const entered = enter(rollout, rollout.begun ? "running" : "waiting", now, null);
		return { rollout: { ...entered, acknowledged }, why: "resumed", by };
	}
	if (verdict === "abort")
		return { rollout: enter(rollout, "halted", now, "too many failures"), why: "too_many_failures", by: [] };
	if (phase === "waiting") {
		const isStopped = isFrozen || (isHeld && rollout.step === 0) || now < rollout.startsAt;
		const by = isStopped ? null : granted("approve");
		return by === null ? null : { rollout: { ...enter(rollout, "running", now), begun: true }, why: "approved", by };
	}
	if (phase === "frozen") return isFrozen ? null : { rollout: unfreeze(rollout, now), why: "freeze_over", by: [] };
	if (isFrozen) return { rollout: freeze(rollout, phase, now), why: "frozen", by: [] };
	if (phase === "running") {
		const why = whyFull(rollout, evidence, now);
		if (why !== null) return { rollout: enter(rollout, "baking", now), why, by: [] };
		// Nobody may be left to take the last places.
		if (isFraction(stepOf(rollout).cohort)) return null;
	}
	if (!isBaked(rollout, evidence, now)) return null;
	if (phase === "baking" && suspicionOf(rollout, evidence) === "pass") return passedStep(rollout, [], now);
	const overriddenBy = granted("override");
	if (overriddenBy !== null) return passedStep(rollout, overriddenBy, now);
	const isShort = phase === "baking" && hasPlacesLeft(rollout, evidence);
	return isShort ? { rollout: enter(rollout, "running", now), why: "places_left", by: [] } : null;
}

/** Units that put the release off after the step was full have left places, and its gate waits for others to take them. */
function hasPlacesLeft(rollout: Rollout, evidence: Evidence): boolean {
	const { cohort, fillWithin } = stepOf(rollout);
	const known = stepEvidence(evidence, rollout.step);
	return !isFraction(cohort) && fillWithin !== 0 && known.excused > 0 && placesTaken(known) < cohort.units;
}

/** @returns what the evidence says of the release: bad when any step that has begun says so, else what the present step says */
export function verdictOf(rollout: Rollout, evidence: Evidence): Verdict {
	const begun = rollout.plan.steps
		.slice(0, rollout.step + 1)
		.map((_, index) => verdictOfStep(rollout, evidence, index));
	return begun.includes("abort") ? "abort" : (begun.at(-1) ?? "insufficient");
}

/** @returns what the gate of one step says of what it has shown */
export function verdictOfStep({ plan, acknowledged }: Rollout, evidence: Evidence, step: number): Verdict {
	const found = plan.steps[step];
	if (found === undefined) return "insufficient";
	return judge(found.gate, stepEvidence(evidence, step), controlEvidence(evidence, step), acknowledged[step] ?? 0);
}

/** Why the step gives no further permits, or lets in its whole fraction; null = it is not full yet. */
function whyFull(rollout: Rollout, evidence: Evidence, now: number): "full" | "not_filled_in_time" | null {
	const { cohort, fillWithin } = stepOf(rollout);
	if (isFraction(cohort)) return now >= (rampFullAt(rollout) ?? now) ? "full" : null;
	const known = stepEvidence(evidence, rollout.step);
	const taken = placesTaken(known);
	if (taken >= cohort.units && known.models >= (cohort.models ?? 1)) return "full";
	if (fillWithin === null || taken === 0 || lasted(rollout, now) < fillWithin) return null;
	// Watching those again whose outcome is known shows nothing new: it goes on waiting for units.
	const isNew = openLeases(known) > 0 || suspicionOf(rollout, evidence) === "pass";
	return isNew || known.excused === 0 ? "not_filled_in_time" : null;
}

/** A number of units is watched until each of them has an outcome; of everybody some are always under way. */
function isBaked(rollout: Rollout, evidence: Evidence, now: number): boolean {
	const { bake, cohort } = stepOf(rollout);
	if (lasted(rollout, now) < bake) return false;
	return isFraction(cohort) || openLeases(stepEvidence(evidence, rollout.step)) <= 0;
}

/** @returns whether a word to let the step pass counts now: once it was watched as long as its plan says. Of a ramp not while it grows. */
export function takesOverride(rollout: Rollout, evidence: Evidence, now: number): boolean {
	const { phase } = rollout;
	if (phase === "running" && isFraction(stepOf(rollout).cohort)) return false;
	return (phase === "running" || phase === "baking") && isBaked(rollout, evidence, now);
}

/** @returns unix seconds before which `takesOverride` is false, however the step goes */
export function overrideFrom(rollout: Rollout): number {
	const { since, before } = rollout;
	const watchedFrom = rollout.phase === "running" ? rampFullAt(rollout) : null;
	return (watchedFrom ?? since - before) + stepOf(rollout).bake;
}

function passedStep(rollout: Rollout, overriddenBy: readonly string[], now: number): NextTurn {
	const { plan, step } = rollout;
	const entry: PassedStep = { step: stepOf(rollout).name, at: now, overriddenBy };
	const why = overriddenBy.length > 0 ? "overridden" : "passed";
	const passed = [...rollout.passed, entry];
	if (step + 1 < plan.steps.length) {
		const next = { ...enter(rollout, "waiting", now), step: step + 1, begun: false, passed };
		return { rollout: next, why, by: overriddenBy };
	}
	const done = { ...enter(rollout, "done", now), passed };
	return { rollout: done, why: overriddenBy.length > 0 ? why : "everybody_has_it", by: overriddenBy };
}

/** Failures that stopped it, which persons have seen: they do not stop it again, further ones do. */
function noted({ acknowledged }: Rollout, evidence: Evidence): number[] {
	return acknowledged.map((_, index) => failuresOf(stepEvidence(evidence, index)));
}

/** @returns the rollout in another phase; what it had let in stays let in */
function enter(rollout: Rollout, phase: Phase, now: number, reason: string | null = rollout.reason): Rollout {
	return { ...rollout, phase, since: now, before: 0, resumes: null, reached: fractionOf(rollout, now), reason };
}

function freeze(rollout: Rollout, phase: "running" | "baking", now: number): Rollout {
	return { ...enter(rollout, "frozen", now), before: lasted(rollout, now), resumes: phase };
}

/** It goes on in the phase that it was in, as if the time of the freeze had not been. Only halts have a step watched anew. */
function unfreeze(rollout: Rollout, now: number): Rollout {
	return { ...enter(rollout, rollout.resumes ?? "running", now), before: rollout.before };
}

export type RolloutOrder =
	/** halt: can go on later. end: never again (the release was withdrawn, or another takes its place). */
	| { readonly kind: "halt" | "end"; readonly reason: string }
	/** `startsAt`: unix seconds before which nothing begins, in the place of the time that was said at the start */
	| { readonly kind: "schedule"; readonly startsAt: number };

/**
 * What one person may order alone: less at any time, and another start of what has not begun. Words that were given for the other start
 * count no more.
 * @returns the same rollout where there is nothing to stop or to change
 */
export function orderRollout(rollout: Rollout, order: RolloutOrder, now: number): Rollout {
	const { phase } = rollout;
	if (order.kind === "schedule") {
		const { startsAt } = order;
		const isOpen = phase === "waiting" && rollout.step === 0 && !rollout.begun;
		const isSame = startsAt === rollout.startsAt || Math.max(startsAt, rollout.startsAt) <= now;
		return isOpen && !isSame ? { ...enter(rollout, "waiting", now), startsAt } : rollout;
	}
	const { kind, reason } = order;
	if (kind === "end") return phase === "ended" ? rollout : enter(rollout, "ended", now, reason);
	if (phase === "halted" || phase === "ended" || phase === "done") return rollout;
	return enter(rollout, "halted", now, reason);
}

/**
 * @param frozen as above
 * @param freezes when the next freeze begins; null = none is known
 * @returns unix seconds at which the rollout may move though nothing is heard: when to ask again; null = only news moves it
 */
export function nextDecisionAt(
	rollout: Rollout,
	evidence: Evidence,
	now: number,
	frozen: number | null = null,
	freezes: number | null = null,
): number | null {
	const { phase, startsAt } = rollout;
	if (phase === "waiting") return startsAt > now ? Math.max(startsAt, frozen ?? 0) : frozen;
	if (phase === "frozen") return frozen;
	if (phase !== "running" && phase !== "baking") return null;
	const moves = movesAt(rollout, evidence, now);
	return freezes === null || (moves !== null && moves <= freezes) ? moves : freezes;
}

/** Of a step that has begun. */
function movesAt(rollout: Rollout, evidence: Evidence, now: number): number | null {
	const { phase, before } = rollout;
	const since = rollout.since - before;
	const { bake, cohort, fillWithin } = stepOf(rollout);
	if (phase === "baking") return since + bake > now ? since + bake : null;
	if (isFraction(cohort)) return rampFullAt(rollout);
	if (fillWithin === null || placesTaken(stepEvidence(evidence, rollout.step)) === 0) return null;
	return since + fillWithin > now ? since + fillWithin : null;
}
