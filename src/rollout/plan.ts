// A plan is data: the steps by which a release reaches the fleet, what each step has to show, and who lets the next one begin.
// A plan only grows, and ends with everybody: one that shrinks, skips or stops short is refused before anything runs by it.
import { z } from "zod";
import { audience } from "../content/audience.ts";
import { teamName } from "../entitlement/credential-record.ts";

const HOUR = 3_600;
const MAX_STEPS = 20;
const MAX_SECONDS = 60 * 24 * HOUR;
const seconds = z.int().min(0).max(MAX_SECONDS);
const share = z.number().gt(0).max(1);
const probability = z.number().gt(0).lt(1);

/** The name of a ring of devices: those that carry the label `ring` with this value. */
export const ring = z.string().regex(/^[a-z][a-z0-9-]{0,23}$/, "a ring is up to 24 lower-case letters, digits and -");

/** How many units may have a permit whose outcome is not known yet: so many, or a part of those that are healthy where that is more. */
const inFlight = z.strictObject({ units: z.int().min(1).max(100_000), perHealthy: z.number().min(0).max(1) });

/** An exact number of units (a unit is an HA group, or a device by itself). Named rings or audiences choose who may be among them. */
const countCohort = z.strictObject({
	units: z.int().min(1).max(10_000),
	ring: ring.optional(),
	audience: audience.optional(),
	/** of one account, at most so many */
	perAccount: z.int().min(1).optional(),
	/** of the units of the step, at most this part of one model, or of one region (label `region`); one unit always */
	modelShare: share.optional(),
	regionShare: share.optional(),
	/** of so many models at least, before the step counts as full */
	models: z.int().min(1).max(20).optional(),
	inFlight: inFlight.optional(),
});

/** Everybody whose bucket lies below a fraction, which is reached in a straight line over `ramp` seconds. */
const fractionCohort = z.strictObject({
	fraction: z.number().gt(0).max(1),
	ramp: seconds.optional(),
	/** each unit is let in at night alone, from 1:00 to 5:00 by the clock where it stands: the ramp follows the moon */
	night: z.boolean().optional(),
	inFlight: inFlight.optional(),
});

/** For steps too small for statistics: so many failures are let pass, and so many units have to be healthy. */
const countGate = z.strictObject({
	kind: z.literal("count"),
	maxFailures: z.int().min(0).max(100),
	minHealthy: z.int().min(0).max(10_000),
});

/** Wald's sequential probability ratio test (The Annals of Mathematical Statistics 16, 1945): does the release fail like p0, or like p1? */
const sequentialGate = z
	.strictObject({
		kind: z.literal("sequential"),
		/** failures that are usual; raised to what those without the release show in the same hours */
		p0: probability,
		/** failures that must be noticed */
		p1: probability,
		/** how often a release that fails like p0 may be stopped */
		alpha: probability,
		/** how often a release that fails like p1 may be let pass */
		beta: probability,
	})
	.refine(({ p0, p1 }) => p0 < p1, "what must be noticed (p1) is more than what is usual (p0)");

export const gate = z.discriminatedUnion("kind", [countGate, sequentialGate]);
export type Gate = z.infer<typeof gate>;

/** Whose word a step needs before it begins. */
const approvals = z.strictObject({
	/** null = the team that owns the product */
	team: teamName.nullable(),
	/** persons; 0 = none: the step before has passed, that is enough */
	count: z.int().min(0).max(10),
});

export const planStep = z.strictObject({
	name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "a step's name is up to 32 lower-case letters, digits and -"),
	cohort: z.union([countCohort, fractionCohort]),
	/** seconds that the step is watched after it is full */
	bake: seconds,
	/** seconds after which a step that does not become full is watched with those it has; null = it waits */
	fillWithin: seconds.nullable(),
	/** seconds in which a healthy unit usually has said so: silence for longer gives pause, without a verdict */
	expect: z.int().min(60).max(MAX_SECONDS),
	/** seconds in which a permit must turn out healthy, or it counts as failed */
	lease: z.int().min(60).max(MAX_SECONDS),
	gate,
	approvals,
});
export type PlanStep = z.infer<typeof planStep>;

export const plan = z
	.strictObject({
		name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "a plan's name is up to 32 lower-case letters, digits and -"),
		/** persons of the product's team who let a halted rollout go on, or a step pass that has not shown enough */
		overrides: z.int().min(1).max(10),
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
	for (const [index, { name, cohort }] of steps.entries()) {
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
		}
	}
	if (fraction !== 1) faults.push({ path: ["steps"], message: "the last step is for everybody: fraction 1" });
	return faults;
}
