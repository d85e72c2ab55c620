// The plans that every deployment has. `standard` and `rapid` take the same steps through the same gates; what differs is how long
// each step is watched. With no failure at all, a sequential gate needs 9 healthy units to exclude failures of 30 %, 46 for 10 %,
// and 181 for 3 %: that gives the sizes of the steps.
import { z } from "zod";
import { HOLDBACK } from "./control.ts";
import type { Gate } from "./gate.ts";
import { type Plan, type PlanStep, plan } from "./plan.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;

const USUAL = 0.005;

const none: Gate = { kind: "count", maxFailures: 0, minHealthy: 1 };
const oneOfTen: Gate = { kind: "count", maxFailures: 1, minHealthy: 5 };
/** For those held back: what there was to learn is known. */
const unwatched: Gate = { kind: "count", maxFailures: 100, minHealthy: 0 };
const noticing = (p1: number): Gate => ({ kind: "sequential", p0: USUAL, p1, alpha: 0.001, beta: 0.01 });

interface Pace {
	readonly name: string;
	/** of the two volunteers, the ten, the dozens, the ramp, the last hundredth */
	readonly bakes: readonly [number, number, number, number, number];
	readonly ramp: number;
	readonly expect: number;
	readonly lease: number;
	readonly fillWithin: number;
	/** persons at the first step */
	readonly approvers: number;
}

/** @returns 2 → 10 → 60 units, then a ramp to 99 %, then everybody */
function ladder({ name, bakes, ramp, expect, lease, fillWithin, approvers }: Pace): Plan {
	const step = (index: number, stepName: string, cohort: PlanStep["cohort"], gate: Gate, count: number): PlanStep => ({
		name: stepName,
		cohort,
		bake: bakes[index] ?? 0,
		fillWithin: "fraction" in cohort ? null : fillWithin,
		expect,
		lease,
		gate,
		approvals: { team: null, count },
	});
	return {
		name,
		overrides: 2,
		steps: [
			step(0, "volunteers", { units: 2, ring: "volunteer", perAccount: 1 }, none, approvers),
			step(1, "ten", { units: 10, perAccount: 1 }, oneOfTen, 1),
			step(2, "dozens", { units: 60, models: 3, inFlight: { units: 10, perHealthy: 0 } }, noticing(0.1), 1),
			step(3, "ramp", { fraction: 1 - HOLDBACK, ramp, inFlight: { units: 25, perHealthy: 0.1 } }, noticing(0.03), 1),
			step(4, "everybody", { fraction: 1 }, unwatched, 0),
		],
	};
}

/** About four days. */
export const STANDARD = ladder({
	name: "standard",
	bakes: [12 * HOUR, 24 * HOUR, 24 * HOUR, 12 * HOUR, 0],
	...{ ramp: 24 * HOUR, expect: 30 * MINUTE, lease: 6 * HOUR, fillWithin: 12 * HOUR, approvers: 1 },
});

/** Four to five hours; two persons start it. */
export const RAPID = ladder({
	name: "rapid",
	bakes: [20 * MINUTE, 30 * MINUTE, 45 * MINUTE, 15 * MINUTE, 0],
	...{ ramp: 2 * HOUR, expect: 20 * MINUTE, lease: 30 * MINUTE, fillWithin: 30 * MINUTE, approvers: 2 },
});

/** Everybody at once, without a gate: only where a product's owner chose it by name. */
export const IMMEDIATE: Plan = {
	name: "immediate",
	overrides: 2,
	steps: [
		{
			name: "everybody",
			cohort: { fraction: 1 },
			...{ bake: 0, fillWithin: null, expect: 20 * MINUTE, lease: 30 * MINUTE },
			gate: unwatched,
			approvals: { team: null, count: 0 },
		},
	],
};

export const BUILT_IN_PLANS = { standard: STANDARD, rapid: RAPID, immediate: IMMEDIATE } as const;

export const builtInPlanName = z.enum(["standard", "rapid", "immediate"]);

/** One that is written out. It does not pass for a built-in plan, whose name people trust when they give their word. */
const ownPlan = plan.refine(({ name }) => !Object.hasOwn(BUILT_IN_PLANS, name), {
	path: ["name"],
	message: "this is a built-in plan: name it alone, or give your own plan another name",
});

/** A plan by the name of a built-in one, or written out. */
export const planChoice = z.union([builtInPlanName, ownPlan]);
export type PlanChoice = z.infer<typeof planChoice>;

export function planOf(choice: PlanChoice): Plan {
	return typeof choice === "string" ? BUILT_IN_PLANS[choice] : choice;
}
