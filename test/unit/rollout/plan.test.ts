// Which plans are taken, and what the built-in ones promise.
import { describe, expect, it } from "vitest";
import { BUILT_IN_PLANS, IMMEDIATE, RAPID, STANDARD } from "../../../src/rollout/built-in-plans.ts";
import { gate } from "../../../src/rollout/gate.ts";
import { isFraction, type Plan, plan } from "../../../src/rollout/plan.ts";

const stepsOf = (...cohorts: unknown[]) => ({
	name: "own",
	overrides: 2,
	steps: cohorts.map((cohort, index) => ({
		...{ name: `step-${index}`, cohort, bake: 60, fillWithin: null, expect: 600, lease: 3_600 },
		gate: { kind: "count", maxFailures: 0, minHealthy: 1 },
		approvals: { team: null, count: 1 },
	})),
});
const faultsOf = (value: unknown) => plan.safeParse(value).error?.issues.map(({ message }) => message) ?? [];

describe("a plan", () => {
	it.each(Object.values(BUILT_IN_PLANS).map((builtIn) => [builtIn.name, builtIn]))(
		"that is built in is one: %s",
		(_, builtIn) => {
			expect(plan.parse(builtIn)).toEqual(builtIn);
		},
	);

	it("grows from step to step up to everybody", () => {
		expect(faultsOf(stepsOf({ units: 1 }, { units: 2 }, { fraction: 0.5 }, { fraction: 1 }))).toEqual([]);
	});

	it.each([
		["ends below everybody", [{ units: 1 }, { fraction: 0.99 }], "the last step is for everybody: fraction 1"],
		["ends with a number of units", [{ units: 9 }], "the last step is for everybody: fraction 1"],
		[
			"shrinks in units",
			[{ units: 9 }, { units: 8 }, { fraction: 1 }],
			"each number of units is larger than the one before",
		],
		["stands still", [{ fraction: 1 }, { fraction: 1 }], "each fraction is larger than the one before"],
		[
			"shrinks in fractions",
			[{ fraction: 0.5 }, { fraction: 0.4 }, { fraction: 1 }],
			"each fraction is larger than the one before",
		],
		[
			"goes back to units",
			[{ fraction: 0.1 }, { units: 5 }, { fraction: 1 }],
			"numbers of units come before fractions",
		],
	])("is refused when it %s", (_, cohorts, message) => {
		expect(faultsOf(stepsOf(...cohorts))).toContain(message);
	});

	const SEQUENTIAL = { kind: "sequential", p0: 0.001, p1: 0.02, alpha: 0.001, beta: 0.001 };
	it.each([
		[{ kind: "count", maxFailures: 0, minHealthy: 6 }, "it needs 6 healthy units, and the step has 5"],
		[{ kind: "count", maxFailures: 0, minHealthy: 5 }, null],
		[SEQUENTIAL, "it needs 360 healthy units, and the step has 5"],
	])("is refused when a step's gate needs more than its units: %j", (gate, needs) => {
		const given = stepsOf({ units: 5 }, { fraction: 1 });
		const steps = given.steps.map((step, index) => (index === 0 ? { ...step, gate } : step));
		const issues =
			plan.safeParse({ ...given, steps }).error?.issues.map(({ path, message }) => ({ path, message })) ?? [];
		const fault = { path: ["steps", 0, "gate"], message: `the gate can never pass: ${needs}` };
		expect(issues).toEqual(needs === null ? [] : [fault]);
	});

	it("is refused when two steps have one name", () => {
		const { steps, ...rest } = stepsOf({ units: 1 }, { fraction: 1 });
		expect(faultsOf({ ...rest, steps: steps.map((step) => ({ ...step, name: "same" })) })).toEqual([
			"two steps are called same",
		]);
	});

	it.each([
		["no step", { steps: [] }],
		["an unknown field", { colour: "red" }],
		["nobody who may override", { overrides: 0 }],
	])("is refused with %s", (_, change) => {
		expect(plan.safeParse({ ...stepsOf({ fraction: 1 }), ...change }).success).toBe(false);
	});

	it("is refused when a test would have to notice less than is usual", () => {
		const [step] = stepsOf({ fraction: 1 }).steps;
		const gate = { kind: "sequential", p0: 0.1, p1: 0.1, alpha: 0.001, beta: 0.001 };
		expect(plan.safeParse({ name: "own", overrides: 2, steps: [{ ...step, gate }] }).success).toBe(false);
	});
});

describe("the built-in plans", () => {
	const secondsOf = ({ steps }: Plan) =>
		steps.reduce((sum, { bake, cohort }) => sum + bake + (isFraction(cohort) ? (cohort.ramp ?? 0) : 0), 0);

	it("take four days as usual and three to five hours when it is urgent, by the same steps and gates", () => {
		expect(secondsOf(STANDARD) / 86_400).toBe(4);
		expect(secondsOf(RAPID) / 3_600).toBeCloseTo(3.83, 2);
		const shape = ({ steps }: Plan) => steps.map(({ name, gate, cohort }) => [name, gate, Object.keys(cohort)]);
		expect(shape(RAPID)).toEqual(shape(STANDARD));
	});

	it("begin with two units of different accounts, and want two persons when it is urgent", () => {
		expect(STANDARD.steps[0]?.cohort).toEqual({ units: 2, ring: "volunteer", perAccount: 1 });
		expect(STANDARD.steps[0]?.approvals.count).toBe(1);
		expect(RAPID.steps[0]?.approvals.count).toBe(2);
	});

	it("have one that asks nobody, by its name alone", () => {
		expect(Object.values(BUILT_IN_PLANS).filter(({ steps }) => steps[0]?.approvals.count === 0)).toEqual([IMMEDIATE]);
	});
});

describe("a sequential gate's odds", () => {
	it.each([
		["are of two errors that leave something to decide", { alpha: 0.5, beta: 0.5 }, false],
		["are of two errors that leave something to decide, just so", { alpha: 0.5, beta: 0.499 }, true],
		["are no rarer than a test can tell", { alpha: 1e-310, beta: 0.01 }, false],
	])("%s: %#", (_, change, isTaken) => {
		const odds = { kind: "sequential", p0: 0.005, p1: 0.1, ...change };
		expect(gate.safeParse(odds).success).toBe(isTaken);
	});
});
