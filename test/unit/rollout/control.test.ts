// Units that a step holds back, watched as a control: who is taken and what counts of them, and how little a control can do.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashEvidence } from "../../../src/rollout/approvals.ts";
import { BUILT_IN_PLANS, STANDARD } from "../../../src/rollout/built-in-plans.ts";
import { type ControlUnit, decideControl, HOLDBACK, topOf } from "../../../src/rollout/control.ts";
import { type Evidence, NO_CONTROL, NO_STEP_EVIDENCE } from "../../../src/rollout/evidence.ts";
import type { Gate } from "../../../src/rollout/gate.ts";
import { isWorse, judge, powerOf, suspect } from "../../../src/rollout/gate.ts";
import type { Cohort } from "../../../src/rollout/plan.ts";
import { reachedAt, reachOf } from "../../../src/rollout/reach.ts";
import { createRollout, fractionOf, type Phase } from "../../../src/rollout/rollout.ts";

const NOW = 1_795_000_000;
const STEP = { expect: 1_800, lease: 21_600 };
const AGAIN = 1_800;
const NOBODY = { taken: 0, ofAccount: 0, permits: 0 };
const decide = (known: ControlUnit | null, counts: Partial<typeof NOBODY>, now = NOW, again = AGAIN) =>
	decideControl(known, { ...NOBODY, ...counts }, STEP, again, now);
const watched: ControlUnit = { at: NOW, due: NOW + 1_800, isHealthy: false };
const sequential: Gate = { kind: "sequential", p0: 0.005, p1: 0.03, alpha: 0.001, beta: 0.01 };
const counted: Gate = { kind: "count", maxFailures: 0, minHealthy: 1 };

describe("a unit that is held back and asks", () => {
	it.each([
		[{ taken: 99 }, true],
		[{ taken: 100 }, false],
		[{ taken: 100, permits: 1 }, true],
		[{ taken: 299, permits: 5_000 }, true],
		[{ taken: 300, permits: 5_000 }, false],
		[{ ofAccount: 2 }, true],
		[{ ofAccount: 3 }, false],
	])("with %j before it is taken: %s", (counts, isTaken) => {
		expect(decide(null, counts)).toEqual(isTaken ? watched : null);
	});

	it("has until it was told to ask again, where that is later than what the step expects", () => {
		expect(decide(null, {}, NOW, 1_799)?.due).toBe(NOW + 1_800);
		expect(decide(null, {}, NOW, 1_801)?.due).toBe(NOW + 1_801);
	});

	it.each([
		[299, false],
		[300, true],
		[1_801, true],
		[21_600, true],
		[21_601, false],
	])("again after %i s counts as healthy: %s", (seconds, isHealthy) => {
		const after = decide(watched, { taken: 300, ofAccount: 3 }, NOW + seconds);
		expect(after).toEqual(isHealthy ? { ...watched, isHealthy: true } : null);
	});

	it("says nothing new once it was healthy", () => {
		expect(decide({ ...watched, isHealthy: true }, {}, NOW + 600)).toBeNull();
	});
});

describe("the last hundredth", () => {
	it.each<[Cohort, Gate, number]>([
		[{ fraction: 1 }, sequential, 0.99],
		[{ fraction: 0.5 }, sequential, 0.5],
		[{ units: 60 }, sequential, 0.99],
		[{ units: 60, ring: "volunteer" }, sequential, 1],
		[{ fraction: 1 }, counted, 1],
		[{ units: 10 }, counted, 1],
	])("of %j under %j: the step lets in up to %d", (cohort, gate, top) => {
		expect(topOf({ cohort, gate })).toBe(top);
	});

	it("is let in by no step that is measured against it, ever before the rollout is done, and then at once", () => {
		const [step] = STANDARD.steps.slice(-1);
		if (step === undefined) throw new Error("no step");
		const plan = { ...STANDARD, steps: [{ ...step, cohort: { fraction: 1, ramp: 3_600 }, gate: sequential }] };
		const bucket = fc.double({ min: 1 - HOLDBACK, max: 1, maxExcluded: true, noNaN: true });
		const phase = fc.constantFrom<Phase>("waiting", "running", "baking", "halted");
		fc.assert(
			fc.property(bucket, phase, fc.nat(1_000_000), (held, at, seconds) => {
				const fresh = createRollout({ plan, salt: "s", publisher: "p", team: null, startsAt: 0, now: NOW });
				const rollout = { ...fresh, phase: at };
				const known = reachOf(rollout);
				expect(known === null ? 0 : reachedAt(known, held)).toBe(Number.POSITIVE_INFINITY);
				expect(fractionOf(rollout, NOW + seconds)).toBeLessThanOrEqual(1 - HOLDBACK);
				expect(reachOf({ ...rollout, phase: "done" })).toBeNull();
			}),
		);
	});

	it.each<[Phase, true | undefined]>([
		["waiting", undefined],
		["running", true],
		["baking", true],
		["halted", undefined],
		["ended", undefined],
	])("is watched while others take the release or are awaited; %s: %s", (phase, control) => {
		const fresh = createRollout({ plan: STANDARD, salt: "s", publisher: "p", team: null, startsAt: 0, now: NOW });
		expect(reachOf({ ...fresh, phase, step: 2 })?.control).toBe(control);
		expect(reachOf({ ...fresh, phase, step: 1 })?.control).toBeUndefined();
	});
});

const many = fc.nat(2_000);
const anyControl = fc.record({ healthy: many, failed: many });
const anyEvidence = fc
	.record({ healthy: many, failed: fc.nat(100), silent: fc.nat(100), overdue: fc.nat(50) })
	.map((known) => ({ ...NO_STEP_EVIDENCE, ...known }));
const builtIn = Object.values(BUILT_IN_PLANS).flatMap(({ steps }) => steps.map(({ gate }) => gate));
const ownGate = fc
	.record({ p0: fc.integer({ min: 1, max: 900 }), above: fc.integer({ min: 1, max: 99 }) })
	.map(({ p0, above }): Gate => ({ ...sequential, p0: p0 / 1_000, p1: (p0 + above) / 1_000 }));
const anyGate = fc.oneof(fc.constantFrom(...builtIn), ownGate);
const ALL_FAILED = { healthy: 0, failed: 1_000_000 };

describe("a control", () => {
	it("never makes a verdict worse, and never better than one of which all fail", () => {
		fc.assert(
			fc.property(anyGate, anyEvidence, anyControl, (gate, evidence, control) => {
				for (const ask of [judge, suspect]) {
					const verdict = ask(gate, evidence, control, 0);
					expect(isWorse(verdict, ask(gate, evidence, NO_CONTROL, 0))).toBe(false);
					expect(isWorse(ask(gate, evidence, ALL_FAILED, 0), verdict)).toBe(false);
				}
			}),
			{ numRuns: 1_000 },
		);
	});

	it("of fewer than 50 units, or that fails as usual, changes nothing", () => {
		const few = fc
			.record({ healthy: fc.nat(49), failed: fc.nat(49) })
			.filter(({ healthy, failed }) => healthy + failed < 50);
		const well = fc.record({ healthy: fc.integer({ min: 200, max: 900 }), failed: fc.constantFrom(0, 1) });
		fc.assert(
			fc.property(anyEvidence, fc.oneof(few, well), (evidence, control) => {
				expect(judge(sequential, evidence, control, 0)).toBe(judge(sequential, evidence, NO_CONTROL, 0));
			}),
		);
	});

	it.each([
		["dozens", 3, 11],
		["ramp", 4, 20],
	])("of which all fail has the step %s halt at more failures in a row than %i, and at %i", (name, alone, most) => {
		const gate = STANDARD.steps.find((step) => step.name === name)?.gate ?? counted;
		expect(powerOf(gate).failuresToAbort).toBe(alone);
		const verdictOf = (failed: number) => judge(gate, { ...NO_STEP_EVIDENCE, failed }, ALL_FAILED, 0);
		expect([verdictOf(most - 1), verdictOf(most)]).toEqual(["insufficient", "abort"]);
	});

	it("of which all fail hides no release that fails three times as often as the gate is made to notice", () => {
		const share = fc.integer({ min: 1, max: 10 }).map((percent) => percent / 100);
		fc.assert(
			fc.property(share, (p1) => {
				const gate: Gate = { kind: "sequential", p0: 0.005, p1, alpha: 0.001, beta: 0.01 };
				const failed = Math.round(20_000 * 3 * p1);
				const evidence = { ...NO_STEP_EVIDENCE, failed, healthy: 20_000 - failed };
				expect(judge(gate, evidence, ALL_FAILED, 0)).toBe("abort");
			}),
		);
	});

	it("does not touch a gate that counts", () => {
		expect(judge(counted, { ...NO_STEP_EVIDENCE, failed: 1 }, ALL_FAILED, 0)).toBe("abort");
	});

	it("is not in the hash of the evidence: a word stays on what its giver saw of the release", async () => {
		const evidence: Evidence = { steps: [{ ...NO_STEP_EVIDENCE, permits: 2, healthy: 1 }], controls: [] };
		const rollout = createRollout({ plan: STANDARD, salt: "s", publisher: "p", team: null, startsAt: 0, now: NOW });
		const nameOf = (controls: Evidence["controls"]) => hashEvidence(rollout, { ...evidence, controls }, "insufficient");
		expect(await nameOf([{ healthy: 70, failed: 3 }])).toBe(await nameOf([]));
	});
});
