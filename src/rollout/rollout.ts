// A release on its way through a plan: where it stands, and what may be given out there.
import type { Channel } from "../content/releases/channel.ts";
import { hasControl, topOf } from "./control.ts";
import {
	controlEvidence,
	type Evidence,
	openLeases,
	placesTaken,
	type StepEvidence,
	stepEvidence,
} from "./evidence.ts";
import { suspect, type Verdict } from "./gate.ts";
import { type Cohort, isFraction, type Plan, type PlanStep } from "./plan.ts";

/**
 * waiting: for its time, and for the approvals of its step. running: permits are given. baking: the step is full and is watched; a
 * fraction goes on giving permits. frozen: no permit, and no time passes, until the vendor's freeze is over. halted: no permit,
 * until persons let it go on. The rest is for ever: done (everybody may have it), ended (withdrawn, or another release took its
 * place).
 */
export const PHASES = ["waiting", "running", "baking", "frozen", "halted", "done", "ended"] as const;
export type Phase = (typeof PHASES)[number];

/** Of one channel of a product at one time: each is looked at for every full answer to a check. */
export const MAX_ACTIVE_ROLLOUTS = 8;

/** How a step was passed: by its gate, or by persons although the gate had not seen enough. */
export interface PassedStep {
	readonly step: string;
	readonly at: number;
	/** who overrode its gate; empty = the gate passed it */
	readonly overriddenBy: readonly string[];
}

export interface Rollout {
	/** in which it lets devices in: one on beta neither ends nor waits for one on stable */
	readonly channel: Channel;
	/** a copy: a plan that is changed later moves nobody who is under way */
	readonly plan: Plan;
	/** the release's own, for buckets */
	readonly salt: string;
	/** who uploaded the release: cannot approve it alone */
	readonly publisher: string;
	/** persons beside the publisher, whose own word counts for nothing, that the first step needs at least; 0 = as many as the plan says, and the publisher's word is one (two-people.ts) */
	readonly otherApprovers: number;
	/** persons that the first step needs at least for the classes of the release (class-approvals.ts); not given = as many as the plan says */
	readonly leastApprovers?: number;
	/** team that owns the product; null = none does: a word of anyone counts who may release */
	readonly team: string | null;
	/** unix seconds before which nothing begins */
	readonly startsAt: number;
	readonly phase: Phase;
	/** index into the plan's steps; of a rollout that is done or ended the last one that it reached */
	readonly step: number;
	/** whether the step has had its time and its words: what stops it meanwhile never replaces those */
	readonly begun: boolean;
	/** unix seconds of the last change of phase or step */
	readonly since: number;
	/** seconds that the phase had lasted when a freeze stopped it: they count once it goes on, or freezes could keep a step standing for ever */
	readonly before: number;
	/** the phase that goes on after the freeze; null = it is not frozen */
	readonly resumes: "running" | "baking" | null;
	readonly passed: readonly PassedStep[];
	/** by step: failures that persons took note of when they let it go on */
	readonly acknowledged: readonly number[];
	/** the fraction that was let in when the phase began */
	readonly reached: number;
	/** why it was halted or ended, last */
	readonly reason: string | null;
}

/** @returns a rollout that waits for its first step. @param input now: unix seconds */
export function createRollout(
	input: Pick<Rollout, "plan" | "salt" | "publisher" | "team" | "startsAt"> & {
		/** stable, if left out */
		readonly channel?: Channel;
		/** 0, if left out */
		readonly otherApprovers?: number;
		/** 0, if left out */
		readonly leastApprovers?: number;
		readonly now: number;
	},
): Rollout {
	const { now, channel = "stable", otherApprovers = 0, leastApprovers = 0, ...rest } = input;
	const start = { phase: "waiting", step: 0, begun: false, since: now, reached: 0, reason: null } as const;
	const unfrozen = { before: 0, resumes: null } as const;
	return {
		...rest,
		channel,
		otherApprovers,
		...(leastApprovers > 0 && { leastApprovers }),
		...start,
		...unfrozen,
		passed: [],
		acknowledged: input.plan.steps.map(() => 0),
	};
}

/** @returns whether it never moves again */
export function isOver({ phase }: Pick<Rollout, "phase">): boolean {
	return phase === "done" || phase === "ended";
}

/** @returns the step that the rollout is at. @throws RangeError for a step that its plan has not */
export function stepOf({ plan, step }: Pick<Rollout, "plan" | "step">): PlanStep {
	const found = plan.steps[step];
	if (found === undefined) throw new RangeError(`plan ${plan.name} has no step ${step}`);
	return found;
}

/** @returns whether units that are held back are watched now: while others take the release, and while what became of those is awaited */
export function isWatching(rollout: Rollout): boolean {
	return (rollout.phase === "running" || rollout.phase === "baking") && hasControl(stepOf(rollout));
}

/** What may be given out now. */
export interface Exposure {
	/** units whose bucket lies below it may have the release; never shrinks while the rollout goes on */
	readonly fraction: number;
	/** further permits in this step; null = as many as the fraction lets in */
	readonly permits: number | null;
}

const NOTHING_MORE = 0;

/** @returns how far the release reaches. @param now unix seconds */
export function exposureOf(rollout: Rollout, evidence: Evidence, now: number): Exposure {
	const { phase } = rollout;
	if (phase === "done") return { fraction: 1, permits: null };
	const fraction = fractionOf(rollout, now);
	if (phase !== "running" && phase !== "baking") return { fraction, permits: NOTHING_MORE };
	if (suspicionOf(rollout, evidence) === "abort") return { fraction, permits: NOTHING_MORE };
	const { cohort } = stepOf(rollout);
	const known = stepEvidence(evidence, rollout.step);
	const places = Math.min(placesInFlight(cohort, known), placesInCohort(cohort, known, phase));
	return { fraction, permits: places === Number.POSITIVE_INFINITY ? null : Math.max(0, places) };
}

/** @returns what the gate of the present step would say, were everyone dead who is overdue */
export function suspicionOf(rollout: Rollout, evidence: Evidence): Verdict {
	const { step, acknowledged } = rollout;
	return suspect(
		stepOf(rollout).gate,
		stepEvidence(evidence, step),
		controlEvidence(evidence, step),
		acknowledged[step] ?? 0,
	);
}

function placesInFlight({ inFlight }: Cohort, known: StepEvidence): number {
	if (inFlight === undefined) return Number.POSITIVE_INFINITY;
	return Math.max(inFlight.units, Math.floor(inFlight.perHealthy * known.healthy)) - openLeases(known);
}

function placesInCohort(cohort: Cohort, known: StepEvidence, phase: Phase): number {
	if (isFraction(cohort)) return Number.POSITIVE_INFINITY;
	return phase === "running" ? cohort.units - placesTaken(known) : NOTHING_MORE;
}

/** @returns the fraction that is let in now: what was reached, and of a running ramp what its time has added */
export function fractionOf(rollout: Rollout, now: number): number {
	const { phase, reached, since } = rollout;
	if (phase === "done") return 1;
	const { cohort } = stepOf(rollout);
	if (phase !== "running" || !isFraction(cohort)) return reached;
	// Asked first: a step without a ramp is there at once, in no time at infinite speed.
	const top = Math.max(reached, topOf(stepOf(rollout)));
	if (now >= (rampEndsAt(rollout) ?? now)) return top;
	return Math.min(top, reached + rampPerSecond(rollout) * Math.max(0, now - since));
}

/** @returns unix seconds at which a running step lets in its whole fraction; of a number of units null */
export function rampEndsAt(rollout: Rollout): number | null {
	const step = stepOf(rollout);
	if (!isFraction(step.cohort)) return null;
	return rollout.since + Math.ceil(Math.max(0, topOf(step) - rollout.reached) / rampPerSecond(rollout));
}

/** In so many seconds it was night everywhere. */
const DAY_SECONDS = 86_400;

/** @returns unix seconds at which each unit of the step's fraction was let in: where that is at night alone, a day after the ramp; or null */
export function rampFullAt(rollout: Rollout): number | null {
	const { cohort } = stepOf(rollout);
	const ends = rampEndsAt(rollout);
	return ends !== null && isFraction(cohort) && cohort.night === true ? ends + DAY_SECONDS - rollout.before : ends;
}

/**
 * @returns seconds that the phase has lasted, without the time that it was frozen; of a ramp those since its end, because a ramp goes on
 * from the fraction that it had reached
 */
export function lasted(rollout: Rollout, now: number): number {
	const { phase, since, before } = rollout;
	const from = phase === "running" ? (rampEndsAt(rollout) ?? since) : since;
	return before + Math.max(0, now - from);
}

/** A ramp that was halted or frozen goes on where it was, as fast as before. Infinity = at once. */
function rampPerSecond({ plan, step }: Rollout): number {
	const present = plan.steps[step];
	if (present === undefined || !isFraction(present.cohort) || !present.cohort.ramp) return Number.POSITIVE_INFINITY;
	const before = plan.steps[step - 1];
	const isAfterFraction = before !== undefined && isFraction(before.cohort);
	const from = isAfterFraction ? topOf(before) : 0;
	const span = topOf(present) - from;
	return span > 0 ? span / present.cohort.ramp : Number.POSITIVE_INFINITY;
}

/**
 * The clocks of those who ask differ by seconds, and a log goes forward: nothing happens before what has happened.
 * @param now unix seconds @returns when what is said now counts
 */
export function notBefore({ since }: Pick<Rollout, "since">, now: number): number {
	return Math.max(since, now);
}
