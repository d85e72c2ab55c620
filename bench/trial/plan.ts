// The plan of a trial: the steps and gates of `rapid`, watched for a quarter of the time, and no larger than the fleet.
import { RAPID } from "../../src/rollout/built-in-plans.ts";
import { type Gate, powerOf } from "../../src/rollout/gate.ts";
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
	const most = Math.max(fewestFor(step.gate), index + 1, Math.floor((units * index) / FASTER));
	const size = index === 0 ? cohort.units : Math.min(cohort.units, most);
	return { ...step, bake, cohort: { ...cohort, units: size }, gate: gateFor(step.gate, size) };
}

/** @returns units with which the gate can pass though as many fail as it lets pass */
function fewestFor(gate: Gate): number {
	return gate.kind === "count" ? gate.minHealthy + gate.maxFailures : 0;
}

/** @returns a gate that so few units can pass: of fewer it notices only what breaks more of them */
function gateFor(gate: Gate, units: number): Gate {
	if (gate.kind === "count") return gate;
	const shares = [gate.p1, 0.2, 0.3, 0.5, 0.7, 0.9];
	const p1 = shares.find((share) => powerOf({ ...gate, p1: share }).healthyToPass <= units);
	if (p1 === undefined) throw new RangeError(`no gate passes with ${units} units`);
	return { ...gate, p1 };
}
