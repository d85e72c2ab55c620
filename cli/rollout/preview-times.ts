// When each step of a rollout begins and passes, if every gate passes: at the earliest, and at the latest by the plan's own times.
// How long people take to give their word is not in it. Pure.
import { topOf } from "../../src/rollout/control.ts";
import { isFraction } from "../../src/rollout/plan.ts";
import { type Rollout, rampFullAt } from "../../src/rollout/rollout.ts";

export interface StepTimes {
	readonly name: string;
	/** unix seconds, at the earliest */
	readonly begins: number;
	readonly passes: number;
	/** unix seconds; Infinity = the plan sets no bound */
	readonly passesAtLatest: number;
}

/**
 * @param rollout that goes on; one that is halted as if it went on now
 * @param now unix seconds
 * @returns times of the step that it is at and of all later ones
 */
export function stepTimes(rollout: Rollout, now: number): StepTimes[] {
	const { plan, step: at, phase, startsAt, since } = rollout;
	const isUnderWay = phase === "running" || phase === "baking";
	let begins = isUnderWay ? since : Math.max(now, startsAt);
	let beginsAtLatest = begins;
	return plan.steps.slice(at).map(({ name, cohort, bake, lease, fillWithin }, index): StepTimes => {
		const isPresent = index === 0 && isUnderWay;
		const isFull = isPresent && phase === "baking";
		// A number of units is full at once at best. A fraction takes the time of its ramp, which is one of a rollout that just began the step.
		const entered = {
			...rollout,
			step: at + index,
			since: begins,
			reached: isPresent ? rollout.reached : before(rollout, at + index),
		};
		const filling = isFull ? 0 : (rampFullAt({ ...entered }) ?? begins) - begins;
		const fillingAtMost = isFull || isFraction(cohort) ? filling : (fillWithin ?? Number.POSITIVE_INFINITY);
		// Of a number of units each has an outcome when its lease ends.
		const watched = isFraction(cohort) ? bake : Math.max(bake, lease);
		const times = {
			name,
			begins,
			passes: Math.max(now, begins + filling + bake),
			passesAtLatest: Math.max(now, beginsAtLatest + fillingAtMost + watched),
		};
		begins = times.passes;
		beginsAtLatest = times.passesAtLatest;
		return times;
	});
}

/** @returns the fraction that the steps before this one let in */
function before({ plan }: Rollout, step: number): number {
	const last = plan.steps[step - 1];
	return last !== undefined && isFraction(last.cohort) ? topOf(last) : 0;
}
