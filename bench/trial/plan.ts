// The plan of a trial: the steps and gates of `rapid`, watched for a quarter of the time, and no larger than the fleet.
import { RAPID } from "../../src/rollout/built-in-plans.ts";
import { isFraction, type Plan, type PlanStep } from "../../src/rollout/plan.ts";

const FASTER = 4;

/** @param units of the whole fleet */
export function trialPlan(units: number): Plan {
	return { ...RAPID, name: "trial", steps: RAPID.steps.map((step, index) => faster(step, index, units)) };
}

function faster(step: PlanStep, index: number, units: number): PlanStep {
	const { cohort } = step;
	const bake = Math.ceil(step.bake / FASTER);
	if (isFraction(cohort)) {
		const ramp = cohort.ramp === undefined ? {} : { ramp: cohort.ramp / FASTER };
		return { ...step, bake, cohort: { ...cohort, ...ramp } };
	}
	// Of a small fleet a step takes no more than its part.
	const most = Math.max(index + 1, Math.floor((units * index) / FASTER));
	return { ...step, bake, cohort: { ...cohort, units: index === 0 ? cohort.units : Math.min(cohort.units, most) } };
}
