// Who would be in each step of a plan, and when: from a fleet that is made up, by the rules that give the permits.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FleetDevice, previewSteps, type StepPreview, unitsFor } from "../../../../cli/rollout/preview.ts";
import { stepTimes } from "../../../../cli/rollout/preview-times.ts";
import { bucketOf } from "../../../../src/rollout/bucket.ts";
import { BUILT_IN_PLANS, STANDARD } from "../../../../src/rollout/built-in-plans.ts";
import type { Plan, PlanStep } from "../../../../src/rollout/plan.ts";
import { createRollout } from "../../../../src/rollout/rollout.ts";

const RELEASE = { product: "crs", version: "2", size: 100, models: null, engine: {}, channel: "stable" } as const;
const HOUR = 3_600;
const NOW = 1_800_000_000;

function device(at: number, changes: Partial<FleetDevice> = {}): FleetDevice {
	return {
		...{ id: `dev-${at}`, account: `acct-${at}`, model: `FW-${at % 3}`, labels: {}, haGroup: null },
		...{ installed: "1", engine: null, country: null, products: ["crs"] },
		...changes,
	};
}
const fleetOf = (count: number, changes: (at: number) => Partial<FleetDevice> = () => ({})) =>
	Array.from({ length: count }, (_, at) => device(at, changes(at)));

const everybody: PlanStep = {
	...{ name: "everybody", cohort: { fraction: 1 }, bake: 0, fillWithin: null, expect: 600, lease: 600 },
	gate: { kind: "count", maxFailures: 100, minHealthy: 0 },
	approvals: { team: null, count: 0 },
};
const of = (cohort: PlanStep["cohort"], more: Partial<PlanStep> = {}): Plan => ({
	name: "own",
	overrides: 1,
	steps: [{ ...everybody, name: "first", cohort, ...more }, everybody],
});

async function preview(
	plan: Plan,
	fleet: readonly FleetDevice[],
	{ isDrawn = true, from = 0, release = RELEASE } = {},
) {
	const units = await unitsFor(release, fleet, isDrawn ? (unit) => bucketOf("salt", unit) : null);
	return previewSteps(plan, from, units, release);
}
const first = async (cohort: PlanStep["cohort"], fleet: readonly FleetDevice[]): Promise<StepPreview> => {
	const [step] = await preview(of(cohort), fleet);
	if (step === undefined) throw new Error("no step");
	return step;
};

describe("a step for a number of units", () => {
	it("names those with the lowest buckets", async () => {
		const fleet = fleetOf(50);
		const { units, wanted, devices, bytes, likely } = await first({ units: 3 }, fleet);
		expect({ units, wanted, devices, bytes }).toEqual({ units: 3, wanted: 3, devices: 3, bytes: 300 });
		const buckets = await Promise.all(fleet.map(async ({ id }) => [await bucketOf("salt", id), id] as const));
		const lowest = buckets.toSorted(([one], [other]) => one - other).slice(0, 3);
		expect(likely?.map(({ unit }) => unit)).toEqual(lowest.map(([, id]) => id));
	});

	it.each<[string, PlanStep["cohort"], (at: number) => Partial<FleetDevice>, number]>([
		["of one account so many", { units: 5, perAccount: 2 }, () => ({ account: "acct-x" }), 2],
		["of one model a part", { units: 4, modelShare: 0.5 }, () => ({ model: "FW-1" }), 2],
		["of one region a part", { units: 4, regionShare: 0.25 }, () => ({ labels: { region: "eu" } }), 1],
		["of its ring", { units: 4, ring: "one" }, (at) => ({ labels: { ring: at < 3 ? "one" : "two" } }), 3],
		[
			"of its audience",
			{ units: 4, audience: { countries: ["DE"] } },
			(at) => ({ country: at === 0 ? "DE" : "FR" }),
			1,
		],
		["of its models, leaving room for others", { units: 3, models: 3 }, () => ({ model: "FW-1" }), 1],
		["HA groups as one", { units: 4 }, (at) => ({ haGroup: `ha-${at % 2}` }), 2],
	])("takes %s", async (_, cohort, changes, units) => {
		expect((await first(cohort, fleetOf(8, changes))).units).toBe(units);
	});

	it("counts each device of an HA group as a download", async () => {
		const step = await first(
			{ units: 1 },
			fleetOf(2, () => ({ haGroup: "ha-1", account: "acct-x" })),
		);
		expect(step).toMatchObject({ units: 1, devices: 2, bytes: 200, accounts: 1 });
	});

	it.each<[string, Plan, number, string]>([
		["nobody has the ring", of({ units: 2, ring: "volunteer" }), 5, "nobody can take part (ring volunteer)"],
		["there are too few", of({ units: 9 }), 5, "only 5 of 9 units can take part"],
		["there are too few models", of({ units: 5, models: 4 }), 6, "only 3 of the 4 models that it needs"],
		[
			"the gate needs more",
			of({ units: 9 }, { gate: STANDARD.steps[1]?.gate ?? everybody.gate }),
			3,
			"needs 5 healthy",
		],
	])("says so where %s", async (_, plan, count, said) => {
		expect((await preview(plan, fleetOf(count)))[0]?.faults.join()).toContain(said);
	});
});

describe("a step that is measured against a control", () => {
	const gate = { kind: "sequential", p0: 0.005, p1: 0.1, alpha: 0.001, beta: 0.01 } as const;
	const plan = of({ fraction: 0.995 }, { gate });

	it.each([true, false])("leaves the last hundredth to the next one, salt drawn: %s", async (isDrawn) => {
		const fleet = fleetOf(1_000);
		const buckets = await Promise.all(fleet.map(({ id }) => bucketOf("salt", id)));
		const below = isDrawn ? buckets.filter((bucket) => bucket < 0.99).length : 990;
		const steps = await preview(plan, fleet, { isDrawn });
		expect(steps.map(({ units }) => units)).toEqual([below, 1_000 - below]);
	});

	it("for a number of units has none of the last hundredth among those who may take part", async () => {
		const fleet = fleetOf(1_000);
		const buckets = await Promise.all(fleet.map(({ id }) => bucketOf("salt", id)));
		const [step] = await preview(of({ units: 50 }, { gate }), fleet);
		expect(step?.candidates).toBe(buckets.filter((bucket) => bucket < 0.99).length);
		const [ring] = await preview(
			of({ units: 50, ring: "one" }, { gate }),
			fleetOf(1_000, () => ({ labels: { ring: "one" } })),
		);
		expect(ring?.candidates).toBe(1_000);
	});

	it("lets everybody in when it is the last one", async () => {
		const steps = await preview({ name: "own", overrides: 1, steps: [{ ...everybody, gate }] }, fleetOf(1_000));
		expect(steps.map(({ units }) => units)).toEqual([1_000]);
	});
});

describe("a release is for", () => {
	it.each<[string, Partial<FleetDevice>, object, number]>([
		["any device", {}, {}, 1],
		["none that has it", { installed: "2" }, {}, 0],
		["its models", { model: "FW-9" }, { models: ["FW-1"] }, 0],
		["its engines", { engine: "10.0" }, { engine: { min: "11" } }, 0],
		["devices on beta, where it is on beta", {}, { channel: "beta" }, 0],
		["devices on beta, where it is on beta", { labels: { "channel.crs": "beta" } }, { channel: "beta" }, 1],
		["devices on beta too, where it is on stable", { labels: { "channel.crs": "beta" } }, {}, 1],
	])("%s", async (_, changes, more, units) => {
		const steps = await preview(of({ units: 5 }), [device(1, changes)], { release: { ...RELEASE, ...more } });
		expect(steps[0]?.units).toBe(units);
	});
});

describe("law: whatever the fleet", () => {
	const anyFleet = fc
		.array(
			fc.record({
				account: fc.integer({ max: 5, min: 0 }),
				ha: fc.integer({ max: 9, min: 0 }),
				volunteers: fc.boolean(),
			}),
		)
		.map((list) =>
			list.map(({ account, ha, volunteers }, at) =>
				device(at, {
					...{ account: `acct-${account}`, haGroup: ha < 3 ? `ha-${account}-${ha}` : null },
					labels: volunteers ? { ring: "volunteer" } : {},
				}),
			),
		);
	const anyPlan = fc.constantFrom(...Object.values(BUILT_IN_PLANS));

	it("each unit is in one step, with its salt drawn or not, and no step takes more than it has places", async () => {
		await fc.assert(
			fc.asyncProperty(anyFleet, anyPlan, fc.boolean(), async (fleet, plan, isDrawn) => {
				const steps = await preview(plan, fleet, { isDrawn });
				const units = new Set(fleet.map(({ id, haGroup }) => haGroup ?? id)).size;
				expect(steps.reduce((all, step) => all + step.units, 0)).toBe(units);
				for (const { units: taken, wanted, likely } of steps) {
					if (wanted !== null) expect(taken).toBeLessThanOrEqual(wanted);
					expect(likely === null).toBe(!(isDrawn || units === 0) || wanted === null);
				}
			}),
			{ numRuns: 60 },
		);
	});
});

describe("the times of steps", () => {
	const start = (plan: Plan, startsAt = 0) =>
		createRollout({ plan, salt: "s", publisher: "", team: null, startsAt, now: NOW });

	it("of a plan follow one another, and the latest is never before the earliest", () => {
		for (const plan of Object.values(BUILT_IN_PLANS)) {
			let before = NOW + HOUR;
			for (const { begins, passes, passesAtLatest } of stepTimes(start(plan, NOW + HOUR), NOW)) {
				expect(begins).toBe(before);
				expect(passes).toBeGreaterThanOrEqual(begins);
				expect(passesAtLatest).toBeGreaterThanOrEqual(passes);
				before = passes;
			}
		}
	});

	it.each([
		["standard", 96, 132],
		["rapid", 4 - 1 / 6, 5.5],
	] as const)("of %s let everybody in after %f hours, and after %f at most", (name, earliest, latest) => {
		const last = stepTimes(start(BUILT_IN_PLANS[name]), NOW).at(-1);
		expect(((last?.passes ?? 0) - NOW) / HOUR).toBeCloseTo(earliest, 5);
		expect(((last?.passesAtLatest ?? 0) - NOW) / HOUR).toBeCloseTo(latest, 5);
	});

	it("of a ramp under way begin when it began, and end when the rest of it has", () => {
		const half = { ...start(STANDARD), phase: "running", step: 3, since: NOW - 6 * HOUR, reached: 0 } as const;
		const [ramp] = stepTimes(half, NOW);
		expect(ramp).toMatchObject({ name: "ramp", begins: NOW - 6 * HOUR, passes: NOW + (24 - 6 + 12) * HOUR });
		const baking = { ...half, phase: "baking", since: NOW - HOUR, reached: 0.99 } as const;
		expect(stepTimes(baking, NOW)[0]?.passes).toBe(NOW + 11 * HOUR);
	});

	it("of a ramp after a step that holds the last hundredth back have its whole length", () => {
		const gate = { kind: "sequential", p0: 0.005, p1: 0.1, alpha: 0.001, beta: 0.01 } as const;
		const first = { ...everybody, name: "first", cohort: { fraction: 0.995 }, gate };
		const rest = { ...everybody, cohort: { fraction: 1, ramp: HOUR } };
		const [, last] = stepTimes(start({ name: "own", overrides: 1, steps: [first, rest] }), NOW);
		expect(last).toMatchObject({ begins: NOW, passes: NOW + HOUR });
	});

	it("have no bound where a step may wait for units for ever", () => {
		expect(stepTimes(start(of({ units: 2 })), NOW)[0]?.passesAtLatest).toBe(Number.POSITIVE_INFINITY);
	});
});
