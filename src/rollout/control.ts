// The control of a step: units that its release has not reached, watched over the same hours. A unit is noted when it asks what to run,
// and has to ask again as it was told to; one that does not is silent, as one that got the release and died. What became of the silent
// ones says how many of those with the release would have been silent anyway. Pure: who is taken, and what counts.
import { isFraction, type PlanStep } from "./plan.ts";

/** The last to be let in, by their buckets: nobody of them before the last gate has passed. */
export const HOLDBACK = 0.01;

/**
 * @returns the fraction that the step may let in: where failures are measured against a control all but those held back. A ring or an
 * audience is named by people, and is let in as they say.
 */
export function topOf({ cohort, gate }: Pick<PlanStep, "cohort" | "gate">): number {
	const whole = isFraction(cohort) ? cohort.fraction : 1;
	return hasControl({ cohort, gate }) ? Math.min(whole, 1 - HOLDBACK) : whole;
}

/** @returns whether the step is measured against a control: single failures are not, nor is a group that people chose */
export function hasControl({ cohort, gate }: Pick<PlanStep, "cohort" | "gate">): boolean {
	const isChosen = !isFraction(cohort) && (cohort.ring !== undefined || cohort.audience !== undefined);
	return gate.kind === "sequential" && !isChosen;
}

/** Of a step: so many at its begin, then as many as get permits, so that both are of the same hours. */
const AHEAD = 100;
const MOST = 300;
/** Of one account: few, so that nobody alone says what is usual. */
const MOST_OF_ACCOUNT = 3;
/** It asked twice in so short a time: that it lives after the time in which a release is installed it has not shown. */
const APART_SECONDS = 300;

/** A unit of the control: since when it is watched, and until when it has to ask again. Unix seconds. */
export interface ControlUnit {
	readonly at: number;
	readonly due: number;
	readonly isHealthy: boolean;
}

export interface ControlCounts {
	/** units that the step's control has taken */
	readonly taken: number;
	/** of them from the account of the unit */
	readonly ofAccount: number;
	/** permits of the step */
	readonly permits: number;
}

/**
 * A unit that was held back has asked.
 * @param known what is known of it in this step; null = it is none of the control yet
 * @param again seconds in which it asks again, as it was told
 * @param now unix seconds
 * @returns what to keep of it; null = nothing new
 */
export function decideControl(
	known: ControlUnit | null,
	{ taken, ofAccount, permits }: ControlCounts,
	{ expect, lease }: Pick<PlanStep, "expect" | "lease">,
	again: number,
	now: number,
): ControlUnit | null {
	if (known === null) {
		if (taken >= Math.min(MOST, AHEAD + permits) || ofAccount >= MOST_OF_ACCOUNT) return null;
		return { at: now, due: now + Math.max(expect, again), isHealthy: false };
	}
	const { at, due, isHealthy } = known;
	// Who comes back later than a lease lasts was silent, as with the release.
	if (isHealthy || now < at + APART_SECONDS || now > Math.max(at + lease, due)) return null;
	return { at, due, isHealthy: true };
}
