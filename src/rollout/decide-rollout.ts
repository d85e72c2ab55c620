// Where does a rollout go from here? Pure, and asked at each report, each word of a person and each alarm: the same rollout, evidence
// and approvals at the same time give the same answer, and asking again gives nothing new. The gate is asked in every phase, also
// while a person thinks: evidence halts a rollout that waits for its approval.
import { type Approval, approversOf, missingApprovals } from "./approvals.ts";
import { type Evidence, failuresOf, openLeases, stepEvidence } from "./evidence.ts";
import { judge, type Verdict } from "./gate.ts";
import { isFraction } from "./plan.ts";
import { fractionOf, type PassedStep, type Phase, type Rollout, rampFullAt, stepOf, suspicionOf } from "./rollout.ts";

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
	| "passed"
	| "overridden"
	| "everybody_has_it"
	| "too_many_failures"
	| "resumed"
	| "ordered";

export interface RolloutDecision {
	readonly rollout: Rollout;
	/** empty = it stays where it is */
	readonly turns: readonly Turn[];
}

/** @param now unix seconds @param frozen until when the product's vendor lets no step begin (freeze.ts); null = they may */
export function decideRollout(
	rollout: Rollout,
	evidence: Evidence,
	approvals: readonly Approval[],
	now: number,
	frozen: number | null = null,
): RolloutDecision {
	const turns: Turn[] = [];
	let current = rollout;
	// Each turn but a halt and a resume goes forward in a plan that ends, and a resume takes note of what halted it.
	for (;;) {
		const next = nextTurn(current, evidence, approvals, now, frozen !== null);
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
	isFrozen: boolean,
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
		return {
			rollout: { ...enter(rollout, "running", now, null), acknowledged },
			why: "resumed",
			by,
		};
	}
	if (verdict === "abort")
		return { rollout: enter(rollout, "halted", now, "too many failures"), why: "too_many_failures", by: [] };
	if (phase === "waiting") {
		const by = isFrozen || now < rollout.startsAt ? null : granted("approve");
		return by === null ? null : { rollout: enter(rollout, "running", now), why: "approved", by };
	}
	if (phase === "running") {
		const why = whyFull(rollout, evidence, now);
		return why === null ? null : { rollout: enter(rollout, "baking", now), why, by: [] };
	}
	if (!isBaked(rollout, evidence, now)) return null;
	if (suspicionOf(rollout, evidence) === "pass") return passedStep(rollout, [], now);
	const overriddenBy = granted("override");
	return overriddenBy === null ? null : passedStep(rollout, overriddenBy, now);
}

/** @returns what the evidence says of the release: bad when any step that has begun says so, else what the present step says */
export function verdictOf(rollout: Rollout, evidence: Evidence): Verdict {
	const begun = rollout.plan.steps.slice(0, rollout.step + 1).map((_, index) => gateOf(rollout, evidence, index));
	return begun.includes("abort") ? "abort" : (begun.at(-1) ?? "insufficient");
}

function gateOf({ plan, acknowledged }: Rollout, evidence: Evidence, step: number): Verdict {
	const found = plan.steps[step];
	if (found === undefined) return "insufficient";
	return judge(found.gate, stepEvidence(evidence, step), evidence.control, acknowledged[step] ?? 0);
}

/** Why the step gives no further permits, or lets in its whole fraction; null = it is not full yet. */
function whyFull(rollout: Rollout, evidence: Evidence, now: number): "full" | "not_filled_in_time" | null {
	const { cohort, fillWithin } = stepOf(rollout);
	if (isFraction(cohort)) return now >= (rampFullAt(rollout) ?? now) ? "full" : null;
	const { permits, excused, models } = stepEvidence(evidence, rollout.step);
	if (permits - excused >= cohort.units && models >= (cohort.models ?? 1)) return "full";
	if (fillWithin === null || permits - excused === 0) return null;
	return now >= rollout.since + fillWithin ? "not_filled_in_time" : null;
}

/** A number of units is watched until each of them has an outcome; of everybody some are always under way. */
function isBaked(rollout: Rollout, evidence: Evidence, now: number): boolean {
	const { bake, cohort } = stepOf(rollout);
	if (now < rollout.since + bake) return false;
	return isFraction(cohort) || openLeases(stepEvidence(evidence, rollout.step)) <= 0;
}

function passedStep(rollout: Rollout, overriddenBy: readonly string[], now: number): NextTurn {
	const { plan, step } = rollout;
	const entry: PassedStep = { step: stepOf(rollout).name, at: now, overriddenBy };
	const why = overriddenBy.length > 0 ? "overridden" : "passed";
	const passed = [...rollout.passed, entry];
	if (step + 1 < plan.steps.length) {
		return { rollout: { ...enter(rollout, "waiting", now), step: step + 1, passed }, why, by: overriddenBy };
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
	return { ...rollout, phase, since: now, reached: fractionOf(rollout, now), reason };
}

export type RolloutOrder = {
	/** halt: can go on later. end: never again (the release was withdrawn, or another takes its place). */
	readonly kind: "halt" | "end";
	readonly reason: string;
};

/** What one person may order at any time, alone: less. @returns the same rollout where there is nothing to stop */
export function orderRollout(rollout: Rollout, { kind, reason }: RolloutOrder, now: number): Rollout {
	const { phase } = rollout;
	if (kind === "end") return phase === "ended" ? rollout : enter(rollout, "ended", now, reason);
	if (phase === "halted" || phase === "ended" || phase === "done") return rollout;
	return enter(rollout, "halted", now, reason);
}

/** @returns unix seconds at which the rollout may move though nothing is heard: when to ask again; null = only news moves it */
export function nextDecisionAt(
	rollout: Rollout,
	evidence: Evidence,
	now: number,
	frozen: number | null = null,
): number | null {
	const { phase, since, startsAt } = rollout;
	if (phase === "waiting") return startsAt > now ? Math.max(startsAt, frozen ?? 0) : frozen;
	const { bake, cohort, fillWithin } = stepOf(rollout);
	if (phase === "baking") return since + bake > now ? since + bake : null;
	if (phase !== "running") return null;
	if (isFraction(cohort)) return rampFullAt(rollout);
	const { permits, excused } = stepEvidence(evidence, rollout.step);
	if (fillWithin === null || permits - excused === 0) return null;
	return since + fillWithin;
}
