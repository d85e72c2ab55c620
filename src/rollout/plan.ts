// A plan is data: the steps by which a release reaches the fleet, what each step has to show, and who lets the next one begin.
// A plan only grows, and ends with everybody: one that shrinks, skips or stops short is refused before anything runs by it.
import { z } from "zod";
import { audience } from "../content/audience.ts";
import { teamName } from "../entitlement/keys/credential-record.ts";
import { canPass, gate, powerOf } from "./gate.ts";

const HOUR = 3_600;
const MAX_STEPS = 20;
const MAX_SECONDS = 60 * 24 * HOUR;
const seconds = z.int().min(0).max(MAX_SECONDS);
const share = z.number().gt(0).max(1);

/** The name of a ring of devices: those that carry the label `ring` with this value. */
export const ring = z.string().regex(/^[a-z][a-z0-9-]{0,23}$/, "a ring is up to 24 lower-case letters, digits and -");

const inFlight = z
	.strictObject({
		units: z.int().min(1).max(100_000).describe("so many"),
		perHealthy: z.number().min(0).max(1).describe("or this part of those that are healthy, where that is more"),
	})
	.describe("How many units may have a permit whose outcome is not known yet; left out: no limit");

/** An exact number of units (a unit is an HA group, or a device by itself). Named rings or audiences choose who may be among them. */
const countCohort = z.strictObject({
	units: z.int().min(1).max(10_000),
	ring: ring.optional().describe("Devices with the label `ring` of this value alone; left out: any"),
	audience: audience.optional().describe("Devices that match it alone; left out: any"),
	perAccount: z.int().min(1).optional().describe("Units of one account at most; left out: any number"),
	modelShare: share.optional().describe("The part of `units` that may be of one model, one unit always; left out: all"),
	regionShare: share.optional().describe("The same of one region (label `region`)"),
	models: z
		.int()
		.min(1)
		.max(20)
		.optional()
		.describe("Models of which the step has units before it is full; left out: 1"),
	inFlight: inFlight.optional(),
});

/** Everybody whose bucket lies below a fraction, which is reached in a straight line over `ramp` seconds. */
const fractionCohort = z.strictObject({
	fraction: z.number().gt(0).max(1),
	ramp: seconds.optional().describe("Seconds in which the fraction is reached; left out or 0: at once"),
	night: z
		.boolean()
		.optional()
		.describe("Each unit is let in from 1:00 to 5:00 by the clock where it stands; left out: at any time"),
	inFlight: inFlight.optional(),
});

/** Whose word a step needs before it begins. */
const approvals = z.strictObject({
	team: teamName.nullable().describe("Null: the team that owns the product"),
	count: z.int().min(0).max(10).describe("Persons; 0: the step begins by itself once the one before has passed"),
});

export const planStep = z.strictObject({
	name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "a step's name is up to 32 lower-case letters, digits and -"),
	cohort: z.union([countCohort, fractionCohort]),
	bake: seconds.describe("Seconds that the step is watched after it is full"),
	fillWithin: seconds
		.nullable()
		.describe("Seconds after which a step that is not full is watched with the units it has, if any; null: it waits"),
	expect: z
		.int()
		.min(60)
		.max(MAX_SECONDS)
		.describe("Seconds in which a healthy unit usually says so: longer silence gives pause, without a verdict"),
	lease: z
		.int()
		.min(60)
		.max(MAX_SECONDS)
		.describe("Seconds in which a permit must turn out healthy, or it counts as failed"),
	gate,
	approvals,
});
export type PlanStep = z.infer<typeof planStep>;

export const plan = z
	.strictObject({
		name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "a plan's name is up to 32 lower-case letters, digits and -"),
		overrides: z
			.int()
			.min(1)
			.max(10)
			.describe("Persons who let a halted rollout go on, or a step pass that has not shown enough"),
		steps: z.array(planStep).min(1).max(MAX_STEPS),
	})
	.superRefine(({ steps }, context) => {
		for (const fault of planFaults(steps))
			context.addIssue({ code: "custom", path: fault.path, message: fault.message });
	});
export type Plan = z.infer<typeof plan>;

export type Cohort = PlanStep["cohort"];
export type FractionCohort = Extract<Cohort, { fraction: number }>;

/** @returns whether the step is for a fraction of everybody, not for a number of units */
export function isFraction(cohort: Cohort): cohort is FractionCohort {
	return "fraction" in cohort;
}

interface PlanFault {
	readonly path: (string | number)[];
	readonly message: string;
}

function planFaults(steps: readonly PlanStep[]): PlanFault[] {
	const faults: PlanFault[] = [];
	let units = 0;
	let fraction = 0;
	const names = new Set<string>();
	for (const [index, { name, cohort, gate: judged }] of steps.entries()) {
		const path = ["steps", index, "cohort"];
		if (names.has(name)) faults.push({ path: ["steps", index, "name"], message: `two steps are called ${name}` });
		names.add(name);
		if (isFraction(cohort)) {
			if (cohort.fraction <= fraction) faults.push({ path, message: "each fraction is larger than the one before" });
			fraction = cohort.fraction;
		} else if (fraction > 0) {
			faults.push({ path, message: "numbers of units come before fractions" });
		} else {
			if (cohort.units <= units) faults.push({ path, message: "each number of units is larger than the one before" });
			units = cohort.units;
			if (!canPass(judged, units)) {
				const needs = `it needs ${powerOf(judged).healthyToPass} healthy units, and the step has ${units}`;
				faults.push({ path: ["steps", index, "gate"], message: `the gate can never pass: ${needs}` });
			}
		}
	}
	if (fraction !== 1) faults.push({ path: ["steps"], message: "the last step is for everybody: fraction 1" });
	return faults;
}
