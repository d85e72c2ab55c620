// Freezes of a product: until when they hold a release up, and what of its rollout waits.
import { describe, expect, it } from "vitest";
import { STANDARD } from "../../../src/rollout/built-in-plans.ts";
import { decideRollout, nextDecisionAt, orderRollout } from "../../../src/rollout/decide-rollout.ts";
import { type Evidence, NO_EVIDENCE } from "../../../src/rollout/evidence.ts";
import { type Freeze, freezes, frozenUntil, nextFreezeAt } from "../../../src/rollout/freeze.ts";
import { reachOf } from "../../../src/rollout/reach.ts";
import { createRollout, fractionOf, type Rollout } from "../../../src/rollout/rollout.ts";
import { statusOf } from "../../../src/rollout/rollout-status.ts";

const NOW = 1_795_000_000;
const DAY = 86_400;
const between = (from: number, until: number, emergencies = false): Freeze => ({
	...{ from: NOW + from, until: NOW + until, reason: "", emergencies },
});

describe("a release", () => {
	it.each<[string, Freeze[], boolean, number | null]>([
		["is not held up without a freeze", [], false, null],
		["is held up from the first second of one", [between(0, 10)], false, 10],
		["is not before it", [between(1, 10)], false, null],
		["is not from its end on", [between(-10, 0)], false, null],
		["is held up until the last of several that touch", [between(10, 20), between(-1, 10)], false, 20],
		["is not by one that comes after a gap", [between(-1, 10), between(11, 20)], false, 10],
		["that is an emergency passes where that is said", [between(-1, 10, true)], true, null],
		["that is an emergency is held up where it is not", [between(-1, 10)], true, 10],
		["that is none is held up by either", [between(-1, 10, true)], false, 10],
	])("%s", (_, all, isEmergency, expected) => {
		expect(frozenUntil(all, isEmergency, NOW)).toBe(expected === null ? null : NOW + expected);
	});

	it.each<[string, unknown]>([
		["that ends before it begins", [between(10, 0)]],
		["of more than a year", [between(0, 367 * DAY)]],
		["beside twenty others", Array(21).fill(between(0, 1))],
	])("has no freeze %s", (_, given) => {
		expect(freezes.safeParse(given).success).toBe(false);
	});
});

describe("a rollout in a freeze", () => {
	const plan = { ...STANDARD, steps: STANDARD.steps.map((step) => ({ ...step, approvals: { team: null, count: 0 } })) };
	const waiting: Rollout = createRollout({
		...{ plan, salt: "s", publisher: "ci", team: null, startsAt: 0, now: NOW },
	});
	const frozen = NOW + DAY;

	it("does not begin its step, and begins it at the end of the freeze", () => {
		expect(decideRollout(waiting, NO_EVIDENCE, [], NOW, frozen)).toEqual({ rollout: waiting, turns: [] });
		expect(nextDecisionAt(waiting, NO_EVIDENCE, NOW, frozen)).toBe(frozen);
		expect(statusOf(waiting, NO_EVIDENCE, [], NOW, frozen).waitsFor).toEqual([{ kind: "freeze", at: frozen }]);
		expect(decideRollout(waiting, NO_EVIDENCE, [], frozen, null).rollout.phase).toBe("running");
	});

	it("begins at its own time where that is later", () => {
		const later = { ...waiting, startsAt: frozen + DAY };
		expect(nextDecisionAt(later, NO_EVIDENCE, NOW, frozen)).toBe(frozen + DAY);
	});

	it("has the next one before it in mind, where that holds it up", () => {
		const all = [between(20, 30), between(10, 30, true), between(-5, 5)];
		expect(nextFreezeAt(all, false, NOW)).toBe(NOW + 10);
		expect(nextFreezeAt(all, true, NOW)).toBe(NOW + 20);
		expect(nextFreezeAt([between(-5, 5)], false, NOW)).toBeNull();
		const running = { ...waiting, phase: "running", begun: true, step: 3 } as const;
		expect(nextDecisionAt(running, NO_EVIDENCE, NOW, null, NOW + 10)).toBe(NOW + 10);
		expect(nextDecisionAt(running, NO_EVIDENCE, NOW, null, NOW + 9 * DAY)).toBe(NOW + DAY);
	});

	it("stops where it is: its ramp grows no further, and goes on at its pace afterwards", () => {
		const ramp = { ...waiting, phase: "running", begun: true, step: 3 } as const;
		const noon = NOW + DAY / 2;
		const { rollout, turns } = decideRollout(ramp, NO_EVIDENCE, [], noon, noon + 9 * DAY);
		expect(turns.map(({ why }) => why)).toEqual(["frozen"]);
		expect(fractionOf(rollout, noon + 9 * DAY)).toBeCloseTo(0.495);
		expect(reachOf(rollout)).toMatchObject({ open: false, closed: "frozen", to: rollout.reached });
		expect(nextDecisionAt(rollout, NO_EVIDENCE, noon, noon + 9 * DAY)).toBe(noon + 9 * DAY);
		const after = decideRollout(rollout, NO_EVIDENCE, [], noon + 9 * DAY, null);
		expect(after.turns.map(({ why }) => why)).toEqual(["freeze_over"]);
		expect(fractionOf(after.rollout, noon + 9 * DAY + DAY / 2)).toBeCloseTo(0.99);
	});

	const healthy = { permits: 2, healthy: 2, failed: 0, unhealthy: 0, silent: 0, excused: 0, models: 1, overdue: 0 };
	const shown = { ...NO_EVIDENCE, steps: [healthy] };
	const bake = plan.steps[0]?.bake ?? 0;
	/** A freeze of a day again and again, and between two of them so many seconds. */
	const throughFreezes = (from: Rollout, evidence: Evidence, times: number, seconds: number) => {
		let [rollout, now] = [from, from.since];
		for (let round = 0; round < times; round++) {
			now += seconds;
			rollout = decideRollout(rollout, evidence, [], now, now + DAY).rollout;
			now += DAY;
			rollout = decideRollout(rollout, evidence, [], now, null).rollout;
		}
		return { rollout, now };
	};

	it("is watched for as long as ever, however often that is interrupted", () => {
		const baking = { ...waiting, phase: "baking", begun: true } as const;
		const { rollout, now } = throughFreezes(baking, shown, 4, bake / 5);
		expect(rollout).toMatchObject({ phase: "baking", step: 0 });
		const passes = now + bake / 5;
		expect(nextDecisionAt(rollout, shown, now)).toBe(passes);
		expect(statusOf(rollout, shown, [], now).waitsFor).toEqual([{ kind: "bake", at: passes }]);
		expect(decideRollout(rollout, shown, [], passes - 1).turns).toEqual([]);
		expect(decideRollout(rollout, shown, [], passes).turns.map(({ why }) => why)).toContain("passed");
	});

	it("waits for units no longer than it may, and goes on being offered to as many", () => {
		const running = { ...waiting, phase: "running", begun: true } as const;
		const one = { ...NO_EVIDENCE, steps: [{ ...healthy, permits: 1, healthy: 1 }] };
		const fillWithin = plan.steps[0]?.fillWithin ?? 0;
		const { rollout, now } = throughFreezes(running, one, 3, fillWithin / 4);
		expect(rollout.phase).toBe("running");
		expect(reachOf(rollout)?.since).toBe(now - (3 * fillWithin) / 4);
		expect(nextDecisionAt(rollout, one, now)).toBe(now + fillWithin / 4);
		expect(decideRollout(rollout, one, [], now + fillWithin / 4).turns.map(({ why }) => why)).toContain(
			"not_filled_in_time",
		);
	});

	it("has been to all at night after a day, be that a day in pieces", () => {
		const cohort = { fraction: 1, ramp: 0, night: true } as const;
		const steps = plan.steps.map((step, index) => (index === 0 ? { ...step, cohort } : step));
		const running = { ...waiting, plan: { ...plan, steps }, phase: "running", begun: true } as const;
		const { rollout, now } = throughFreezes(running, NO_EVIDENCE, 2, DAY / 4);
		expect(nextDecisionAt(rollout, NO_EVIDENCE, now)).toBe(now + DAY / 2);
		expect(decideRollout(rollout, NO_EVIDENCE, [], now + DAY / 2).turns.map(({ why }) => why)).toEqual(["full"]);
	});

	it("is watched anew after a halt, frozen or not", () => {
		const baking = { ...waiting, phase: "baking", begun: true } as const;
		const { rollout } = decideRollout(baking, shown, [], NOW + bake / 2, NOW + DAY);
		expect(rollout).toMatchObject({ before: bake / 2, resumes: "baking" });
		const halted = orderRollout(rollout, { kind: "halt", reason: "" }, NOW + bake);
		expect(halted).toMatchObject({ phase: "halted", before: 0, resumes: null });
	});

	it("is halted by what its devices say, as ever", () => {
		const running = { ...waiting, phase: "running", begun: true } as const;
		const none = { permits: 0, healthy: 0, failed: 0, unhealthy: 0, silent: 0, excused: 0, models: 0, overdue: 0 };
		const steps = plan.steps.map((_, index) => (index === 0 ? { ...none, permits: 1, failed: 1, models: 1 } : none));
		const { rollout } = decideRollout(running, { ...NO_EVIDENCE, steps }, [], NOW, frozen);
		expect(rollout.phase).toBe("halted");
	});
});
