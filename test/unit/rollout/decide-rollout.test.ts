// The turns of a rollout, one by one, at their boundaries.
import { describe, expect, it } from "vitest";
import type { Approval } from "../../../src/rollout/approvals.ts";
import { RAPID, STANDARD } from "../../../src/rollout/built-in-plans.ts";
import { decideRollout, nextDecisionAt, orderRollout } from "../../../src/rollout/decide-rollout.ts";
import { type Evidence, NO_STEP_EVIDENCE, type StepEvidence } from "../../../src/rollout/evidence.ts";
import { isFraction } from "../../../src/rollout/plan.ts";
import { createRollout, exposureOf, fractionOf, type Phase, type Rollout } from "../../../src/rollout/rollout.ts";
import { PUBLISHER, START, TEAM } from "../../support/rollouts/rollout-worlds.ts";

const HOUR = 3_600;
const FRESH = createRollout({
	...{ plan: STANDARD, salt: "s", publisher: PUBLISHER, team: TEAM, startsAt: START, now: START },
});
const standing = (phase: Phase, step: number, rest: Partial<Rollout> = {}): Rollout => ({
	...FRESH,
	phase,
	step,
	begun: phase !== "waiting",
	...rest,
});
/** nothing is known of the steps before the one that is given */
const evidenceAt = (step: number, known: Partial<StepEvidence>): Evidence => ({
	steps: [...Array.from({ length: step }, () => NO_STEP_EVIDENCE), { ...NO_STEP_EVIDENCE, ...known }],
	controls: [],
});
const NONE = evidenceAt(0, {});
const word = (by: string, rest: Partial<Approval> = {}): Approval => ({
	...{ kind: "approve", step: 0, by, team: TEAM, at: START },
	seen: { hash: "", failures: 0, verdict: "insufficient" },
	...rest,
});
const turnsOf = (rollout: Rollout, evidence: Evidence, approvals: readonly Approval[], now: number) =>
	decideRollout(rollout, evidence, approvals, now).turns.map(({ from, to, why, by }) => [from, to, why, by.join("+")]);

describe("a rollout that waits", () => {
	it.each<[string, Approval[], boolean]>([
		["nobody", [], false],
		["one of the team", [word("one")], true],
		["the publisher", [word(PUBLISHER)], false],
		["the publisher in capitals", [word(PUBLISHER.toUpperCase())], false],
		["the publisher with a space", [word(`${PUBLISHER} `)], false],
		["somebody of another team", [word("one", { team: "others" })], false],
		["somebody without a team", [word("one", { team: null })], false],
		["one who spoke of another step", [word("one", { step: 1 })], false],
		["one who meant to override", [word("one", { kind: "override" })], false],
	])("is approved by %s: %#", (_, approvals, begins) => {
		expect(turnsOf(FRESH, NONE, approvals, START)).toEqual(begins ? [["waiting", "running", "approved", "one"]] : []);
	});

	it.each<[string, Approval[], string | null]>([
		["one person twice", [word("one"), word("one")], null],
		["one person, written in three ways", [word("one"), word("ONE"), word("one ")], null],
		["two persons, one of them written in two ways", [word("One"), word("one"), word("two")], "One+two"],
		["two persons", [word("one"), word("two")], "one+two"],
		["the publisher and one more", [word(PUBLISHER), word("one")], "publisher+one"],
	])("by the rapid plan begins with the word of %s", (_, approvals, by) => {
		const turns = turnsOf({ ...FRESH, plan: RAPID }, NONE, approvals, START);
		expect(turns).toEqual(by === null ? [] : [["waiting", "running", "approved", by]]);
	});

	it("begins when its time has come, not before", () => {
		const rollout = { ...FRESH, startsAt: START + HOUR };
		expect(turnsOf(rollout, NONE, [word("one")], START + HOUR - 1)).toEqual([]);
		expect(nextDecisionAt(rollout, NONE, START)).toBe(START + HOUR);
		expect(turnsOf(rollout, NONE, [word("one")], START + HOUR)).toHaveLength(1);
	});

	it("forgets an approval when more fails, and when the gate judges worse", () => {
		const rollout = standing("waiting", 2, { acknowledged: [9, 9, 0, 0, 0] });
		const seen = (failures: number, verdict: "pass" | "insufficient") => [
			word("one", { step: 2, seen: { hash: "", failures, verdict } }),
		];
		const evidence = evidenceAt(0, { permits: 2, healthy: 1, failed: 1 });
		expect(turnsOf(rollout, evidence, seen(1, "insufficient"), START)).toHaveLength(1);
		expect(turnsOf(rollout, evidence, seen(0, "insufficient"), START)).toEqual([]);
		expect(turnsOf(rollout, evidence, seen(1, "pass"), START)).toEqual([]);
	});

	it("is halted by what the step before turns out to be, while persons think", () => {
		const evidence = evidenceAt(0, { permits: 2, healthy: 1, silent: 1 });
		expect(turnsOf(standing("waiting", 1), evidence, [word("one", { step: 1 })], START)).toEqual([
			["waiting", "halted", "too_many_failures", ""],
		]);
	});
});

describe("a step that runs", () => {
	it.each<[Partial<StepEvidence>, number, string | null]>([
		[{ permits: 1, models: 1 }, 0, null],
		[{ permits: 2, models: 1 }, 0, "full"],
		[{ permits: 2, models: 1, excused: 1 }, 0, null],
		[{ permits: 3, models: 1, excused: 1 }, 0, "full"],
		[{ permits: 1, models: 1 }, 12 * HOUR - 1, null],
		[{ permits: 1, models: 1 }, 12 * HOUR, "not_filled_in_time"],
		[{}, 99 * HOUR, null],
	])("of two units with %j after %d s is: %s", (known, seconds, why) => {
		const turns = turnsOf(standing("running", 0), evidenceAt(0, known), [], START + seconds);
		expect(turns).toEqual(why === null ? [] : [["running", "baking", why, ""]]);
	});

	it.each([
		[2, null],
		[3, "full"],
	])("is not full with %d of three models: %s", (models, why) => {
		const turns = turnsOf(standing("running", 2), evidenceAt(2, { permits: 60, models }), [], START);
		expect(turns).toEqual(why === null ? [] : [["running", "baking", why, ""]]);
	});

	it("says when it has to be asked again", () => {
		expect(nextDecisionAt(standing("running", 0), NONE, START)).toBeNull();
		expect(nextDecisionAt(standing("running", 0), evidenceAt(0, { permits: 1 }), START)).toBe(START + 12 * HOUR);
		expect(nextDecisionAt(standing("running", 3), NONE, START)).toBe(START + 24 * HOUR);
		expect(nextDecisionAt(standing("baking", 0), NONE, START)).toBe(START + 12 * HOUR);
		expect(nextDecisionAt(standing("baking", 0), NONE, START + 12 * HOUR)).toBeNull();
		expect(nextDecisionAt(standing("halted", 0), NONE, START)).toBeNull();
	});

	it("lets in a ramp's fraction in a straight line, and goes on after a halt where it was", () => {
		const ramp = standing("running", 3);
		expect(fractionOf(ramp, START)).toBe(0);
		expect(fractionOf(ramp, START + 12 * HOUR)).toBeCloseTo(0.495);
		expect(fractionOf(ramp, START + 48 * HOUR)).toBe(0.99);
		const halted = orderRollout(ramp, { kind: "halt", reason: "look first" }, START + 12 * HOUR);
		expect(fractionOf(halted, START + 48 * HOUR)).toBeCloseTo(0.495);
		const resume = ["one", "two"].map((by) => word(by, { kind: "resume", step: 3, at: START + 48 * HOUR }));
		const { rollout } = decideRollout(halted, NONE, resume, START + 48 * HOUR);
		expect(rollout.phase).toBe("running");
		expect(fractionOf(rollout, START + 54 * HOUR)).toBeCloseTo(0.7425);
		expect(nextDecisionAt(rollout, NONE, START + 48 * HOUR)).toBe(START + 60 * HOUR);
	});

	it("that follows a fraction ramps from there", () => {
		const [volunteers, , , ramp, everybody] = STANDARD.steps;
		if (!volunteers || !ramp || !everybody || !isFraction(everybody.cohort)) throw new Error("the plan has changed");
		const last = { ...everybody, cohort: { fraction: 1, ramp: 100 } };
		const rollout = standing("running", 1, { plan: { ...STANDARD, steps: [ramp, last] }, reached: 0.99 });
		expect(fractionOf(rollout, START + 50)).toBeCloseTo(0.995);
		expect(nextDecisionAt(rollout, NONE, START)).toBe(START + 100);
	});

	it.each([0.995, 0.9999, 1])(
		"takes as long as its plan says after a step for %d, of which a hundredth is held back",
		(fraction) => {
			const [volunteers, , , ramp, everybody] = STANDARD.steps;
			if (!volunteers || !ramp || !everybody) throw new Error("the plan has changed");
			const most = { ...ramp, cohort: { fraction } };
			const last = { ...everybody, cohort: { fraction: 1, ramp: 100 } };
			const rollout = standing("running", 1, { plan: { ...STANDARD, steps: [most, last] }, reached: 0.99 });
			expect(nextDecisionAt(rollout, NONE, START)).toBe(START + 100);
		},
	);
});

describe("permits", () => {
	it.each<[Phase, number, Partial<StepEvidence>, number | null]>([
		["running", 0, {}, 2],
		["running", 0, { permits: 1 }, 1],
		["running", 0, { permits: 2 }, 0],
		["running", 0, { permits: 2, excused: 1 }, 1],
		["baking", 0, { permits: 1 }, 0],
		["waiting", 0, {}, 0],
		["halted", 0, {}, 0],
		["ended", 0, {}, 0],
		["running", 2, {}, 10],
		["running", 2, { permits: 30, healthy: 25 }, 5],
		["running", 2, { permits: 58, healthy: 58 }, 2],
		["running", 3, { permits: 1_000, healthy: 990 }, 89],
		["baking", 3, { permits: 20 }, 5],
		["running", 4, {}, null],
		["done", 4, {}, null],
	])("of a rollout that is %s at step %d with %j: %s", (phase, step, known, permits) => {
		expect(exposureOf(standing(phase, step), evidenceAt(step, known), START).permits).toBe(permits);
	});

	it("are held back while too many are overdue, which is no verdict yet", () => {
		const evidence = evidenceAt(3, { permits: 30, healthy: 20, overdue: 5 });
		expect(exposureOf(standing("running", 3), evidence, START).permits).toBe(0);
		expect(turnsOf(standing("running", 3), evidence, [], START)).toEqual([]);
		const late = evidenceAt(3, { permits: 30, healthy: 24 });
		expect(exposureOf(standing("running", 3), late, START).permits).toBe(19);
	});
});

describe("a step that is watched", () => {
	const good = evidenceAt(0, { permits: 2, healthy: 2, models: 1 });

	it.each<[Partial<StepEvidence>, number, string | null]>([
		[{ permits: 2, healthy: 2 }, 12 * HOUR - 1, null],
		[{ permits: 2, healthy: 2 }, 12 * HOUR, "passed"],
		[{ permits: 2, healthy: 1 }, 99 * HOUR, null],
		[{ permits: 2, healthy: 1, excused: 1 }, 12 * HOUR, "passed"],
	])("with %j after %d s: %s", (known, seconds, why) => {
		const turns = turnsOf(standing("baking", 0), evidenceAt(0, known), [], START + seconds);
		expect(turns).toEqual(why === null ? [] : [["baking", "waiting", why, ""]]);
	});

	it.each<[string, Partial<StepEvidence>, Partial<Rollout["plan"]["steps"][number]>, boolean]>([
		["both units have put it off", { permits: 2, excused: 2 }, {}, true],
		["one has, and the other is open", { permits: 2, excused: 1 }, {}, false],
		["one has, and its place was taken", { permits: 3, excused: 1, healthy: 1, silent: 0 }, {}, false],
		["nobody has, and one never came", { permits: 1 }, {}, false],
		["it waits for nobody", { permits: 2, excused: 2 }, { fillWithin: 0 }, false],
	])("lets others try where %s: its gate has not passed at the end of its time", (_, known, change, isOpenAgain) => {
		const steps = STANDARD.steps.map((step, index) => (index === 0 ? { ...step, ...change } : step));
		const rollout = standing("baking", 0, { plan: { ...STANDARD, steps } });
		expect(turnsOf(rollout, evidenceAt(0, known), [], START + 12 * HOUR - 1)).toEqual([]);
		const turns = turnsOf(rollout, evidenceAt(0, known), [], START + 12 * HOUR);
		expect(turns).toEqual(isOpenAgain ? [["baking", "running", "places_left", ""]] : []);
	});

	it.each<[string, Partial<StepEvidence>, boolean]>([
		["of whose units all have an outcome, too few of them a good one,", { permits: 5, excused: 2, healthy: 3 }, false],
		["of which one is open", { permits: 6, excused: 2, healthy: 3 }, true],
		["of which enough are healthy", { permits: 7, excused: 2, healthy: 5 }, true],
	])("that gave places out again and did not fill in time, %s is watched again: %s", (_, known, isWatched) => {
		const running = standing("running", 1);
		const turns = turnsOf(running, evidenceAt(1, known), [], START + 12 * HOUR);
		expect(turns).toEqual(isWatched ? [["running", "baking", "not_filled_in_time", ""]] : []);
		if (!isWatched) expect(nextDecisionAt(running, evidenceAt(1, known), START + 12 * HOUR)).toBeNull();
	});

	it("that nobody is left to try passes by the word of two persons while it runs, after its time", () => {
		const two = ["one", "two"].map((by) => word(by, { kind: "override" }));
		const running = standing("running", 0);
		expect(turnsOf(running, evidenceAt(0, { permits: 1 }), two, START + 12 * HOUR)).toMatchObject([
			["running", "baking", "not_filled_in_time", ""],
		]);
		const nobody = evidenceAt(0, { permits: 2, excused: 2 });
		expect(turnsOf(running, nobody, two, START + 12 * HOUR - 1)).toEqual([]);
		expect(turnsOf(running, nobody, two, START + 12 * HOUR)).toEqual([["running", "waiting", "overridden", "one+two"]]);
	});

	it("passes with too little to go by when two persons say so, after its time", () => {
		const evidence = evidenceAt(0, { permits: 2, excused: 2 });
		const two = ["one", "two"].map((by) => word(by, { kind: "override" }));
		const ofOne = turnsOf(standing("baking", 0), evidence, two.slice(1), START + 12 * HOUR);
		expect(ofOne).toEqual([["baking", "running", "places_left", ""]]);
		expect(turnsOf(standing("baking", 0), evidence, two, START + 12 * HOUR - 1)).toEqual([]);
		const { rollout, turns } = decideRollout(standing("baking", 0), evidence, two, START + 12 * HOUR);
		expect(turns.map(({ why }) => why)).toEqual(["overridden"]);
		expect(rollout.passed).toEqual([{ step: "volunteers", at: START + 12 * HOUR, overriddenBy: ["one", "two"] }]);
	});

	it("is not passed by a gate that would fail it, were all dead who are overdue", () => {
		const known = { permits: 300, healthy: 250 };
		const at = START + 12 * HOUR;
		expect(turnsOf(standing("baking", 3), evidenceAt(3, known), [], at)[0]).toEqual([
			"baking",
			"waiting",
			"passed",
			"",
		]);
		expect(turnsOf(standing("baking", 3), evidenceAt(3, { ...known, overdue: 2 }), [], at)).toEqual([]);
	});

	it("goes on at once where nobody is asked: the last step ends the rollout", () => {
		const evidence = evidenceAt(3, { permits: 300, healthy: 300 });
		const { rollout, turns } = decideRollout(standing("baking", 3, { reached: 0.99 }), evidence, [], START + 12 * HOUR);
		expect(turns.map(({ why }) => why)).toEqual(["passed", "approved", "full", "everybody_has_it"]);
		expect(rollout).toMatchObject({ phase: "done", step: 4, reached: 1 });
	});

	it("moves on from evidence alone, once", () => {
		const { rollout } = decideRollout(standing("baking", 0), good, [], START + 12 * HOUR);
		expect(rollout).toMatchObject({ phase: "waiting", step: 1, since: START + 12 * HOUR });
		expect(decideRollout(rollout, good, [], START + 12 * HOUR)).toEqual({ rollout, turns: [] });
	});
});

describe("a rollout that was halted", () => {
	const bad = evidenceAt(0, { permits: 2, healthy: 1, failed: 1, models: 1 });
	const resume = (by: string, at = START + 60): Approval =>
		word(by, { kind: "resume", at, seen: { hash: "", failures: 1, verdict: "abort" } });
	const halted = standing("halted", 0, { since: START + 60 });

	it("goes on when two persons who saw why say so, and takes note of what they saw", () => {
		expect(turnsOf(halted, bad, [resume("one")], START + 90)).toEqual([]);
		const { rollout } = decideRollout(halted, bad, [resume("one"), resume("two")], START + 90);
		expect(rollout).toMatchObject({ phase: "baking", acknowledged: [1, 0, 0, 0, 0], reason: null });
		const worse = evidenceAt(0, { permits: 2, failed: 2, models: 1 });
		expect(turnsOf(rollout, worse, [], START + 90)).toEqual([["baking", "halted", "too_many_failures", ""]]);
	});

	it("stays halted where what halts it is not what persons can let pass", () => {
		const gate = { kind: "sequential", p0: 0.1, p1: 0.2, alpha: 0.5, beta: 0.5 } as const;
		const steps = STANDARD.steps.map((step) => ({ ...step, gate }));
		const rollout = standing("halted", 0, { plan: { ...STANDARD, steps } });
		const words = ["one", "two"].map((by) =>
			word(by, { kind: "resume", seen: { hash: "", failures: 0, verdict: "abort" } }),
		);
		expect(turnsOf(rollout, NONE, words, START)).toEqual([]);
	});

	it("before its step began waits for that step's own time and words as before", () => {
		const waiting = standing("waiting", 0, { startsAt: START + HOUR });
		const stopped = orderRollout(waiting, { kind: "halt", reason: "look first" }, START);
		const words = ["one", "two"].map((by) =>
			word(by, { kind: "resume", seen: { hash: "", failures: 0, verdict: "insufficient" } }),
		);
		expect(turnsOf(stopped, NONE, words, START + 60)).toEqual([["halted", "waiting", "resumed", "one+two"]]);
	});

	it("does not go on by a word from before it was halted", () => {
		expect(turnsOf(halted, bad, [resume("one", START + 59), resume("two")], START + 90)).toEqual([]);
	});

	it("takes no note of failures that did not stop it", () => {
		const evidence = evidenceAt(1, { permits: 10, healthy: 9, failed: 1 });
		const two = ["one", "two"].map((by) =>
			word(by, { kind: "resume", step: 1, at: START, seen: { hash: "", failures: 1, verdict: "pass" } }),
		);
		expect(decideRollout(standing("halted", 1), evidence, two, START).rollout.acknowledged).toEqual([0, 0, 0, 0, 0]);
	});
});

describe("an order", () => {
	it.each<[Phase, "halt" | "end", Phase]>([
		["waiting", "halt", "halted"],
		["running", "halt", "halted"],
		["baking", "halt", "halted"],
		["halted", "halt", "halted"],
		["done", "halt", "done"],
		["ended", "halt", "ended"],
		["waiting", "end", "ended"],
		["running", "end", "ended"],
		["halted", "end", "ended"],
		["done", "end", "ended"],
		["ended", "end", "ended"],
	])("to a rollout that is %s to %s leaves it %s", (phase, kind, after) => {
		const rollout = standing(phase, 0);
		const next = orderRollout(rollout, { kind, reason: "why" }, START + 5);
		expect(next.phase).toBe(after);
		if (phase === after) expect(next).toBe(rollout);
		else expect(next).toMatchObject({ since: START + 5, reason: "why" });
	});
});
