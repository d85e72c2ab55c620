// How far a rollout reaches as the edges know it: at each moment what the rules say, later never less, and for each unit one moment
// from which on it is in.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IMMEDIATE, STANDARD } from "../../../src/rollout/built-in-plans.ts";
import type { PlanStep } from "../../../src/rollout/plan.ts";
import { type Reach, reach, reachedAt, reachOf } from "../../../src/rollout/reach.ts";
import { createRollout, fractionOf, type Phase, type Rollout } from "../../../src/rollout/rollout.ts";

const START = 1_795_000_000;
const HOUR = 3_600;
const RAMP = 3;
/** Of a ramp of a day. The moments that edges compute are whole seconds. */
const TWO_SECONDS = 2 / 86_400;
const FRESH = createRollout({
	...{ plan: STANDARD, salt: "salt", publisher: "ci", team: null, startsAt: 0, now: START },
});
const standing = (phase: Phase, step: number, rest: Partial<Rollout> = {}): Rollout => ({
	...FRESH,
	phase,
	step,
	...rest,
});

describe("the reach of a rollout", () => {
	it("is nothing to know once everybody may have the release", () => {
		expect(reachOf(standing("done", 4))).toBeNull();
		expect(IMMEDIATE.steps).toHaveLength(1);
	});

	it("names whom the steps before were for where its own step is for somebody else", () => {
		const [first, second] = STANDARD.steps as [PlanStep, PlanStep];
		const audience = { accounts: ["acc-lab"] };
		const steps = [{ audience }, { audience }, { ring: "early" }].map((whom, at) => ({
			...{ ...first, name: `step-${at}`, cohort: { units: at + 1, ...whom } },
		}));
		const at = (step: number, plan: Rollout["plan"]) => reachOf(standing("running", step, { plan }))?.earlier;
		const named = { ...STANDARD, steps: [...steps, second] };
		const lab = { ring: null, audience };
		expect([0, 1, 2, 3].map((step) => at(step, named))).toEqual([undefined, undefined, [lab, lab], undefined]);
	});

	it.each<[Phase, number, Partial<Reach>]>([
		["waiting", 0, { open: false, closed: "waiting", to: 0 }],
		["running", 0, { open: true, closed: null, ring: "volunteer", growth: "doubling", to: 1, seconds: 3 * HOUR }],
		["baking", 0, { open: false, closed: "baking" }],
		["running", 1, { open: true, ring: null }],
		["running", RAMP, { open: true, growth: "line", from: 0, to: 0.99, seconds: 24 * HOUR }],
		["halted", RAMP, { open: false, closed: "halted" }],
		["ended", RAMP, { open: false, closed: "ended" }],
	])("%s in step %i is %o", (phase, step, expected) => {
		const known = reachOf(standing(phase, step));
		expect(known).toMatchObject(expected);
		expect(reach.parse(known)).toEqual(known);
	});

	it("of a ramp that is watched stays open as far as it came", () => {
		const known = reachOf(standing("baking", RAMP, { reached: 0.99 }));
		expect(known).toMatchObject({ open: true, from: 0.99, to: 0.99 });
	});
});

const anyBucket = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((bits) => bits / 2 ** 32);

describe("a unit", () => {
	it("of a ramp is let in within two seconds of the moment at which the rules' fraction passes its bucket", () => {
		fc.assert(
			fc.property(anyBucket, fc.double({ min: 0, max: 0.98, noNaN: true }), (bucket, reached) => {
				const rollout = standing("running", RAMP, { reached });
				const known = reachOf(rollout);
				if (known === null) throw new Error("under way");
				const at = reachedAt(known, bucket);
				if (at === Number.POSITIVE_INFINITY) {
					expect(bucket).toBeGreaterThanOrEqual(0.99);
					return;
				}
				expect(fractionOf(rollout, at)).toBeGreaterThan(bucket - TWO_SECONDS);
				if (bucket >= reached) expect(fractionOf(rollout, at - 1)).toBeLessThanOrEqual(bucket + TWO_SECONDS);
			}),
		);
	});

	it("of a step for a number of units is let in earlier the smaller its bucket is, and every one in the end", () => {
		const known = reachOf(standing("running", 1));
		if (known === null) throw new Error("under way");
		fc.assert(
			fc.property(anyBucket, anyBucket, (one, other) => {
				const [earlier, later] = [Math.min(one, other), Math.max(one, other)];
				expect(reachedAt(known, earlier)).toBeLessThanOrEqual(reachedAt(known, later));
				expect(reachedAt(known, later)).toBeLessThanOrEqual(known.since + known.seconds + 1);
			}),
		);
	});

	it("of a step for a number of units is one of twenty at first in a fleet of a million and a half", () => {
		const known = reachOf(standing("running", 1));
		if (known === null) throw new Error("under way");
		const first = Array.from({ length: 1_500_000 }, (_, index) => index / 1_500_000);
		expect(first.filter((bucket) => reachedAt(known, bucket) <= START)).toHaveLength(23);
	});

	it("is not let in by time alone where the rollout lets nobody in", () => {
		const closed = reachOf(standing("halted", RAMP, { reached: 0.5 }));
		if (closed === null) throw new Error("under way");
		fc.assert(
			fc.property(anyBucket, (bucket) => {
				expect(reachedAt(closed, bucket)).toBe(Number.POSITIVE_INFINITY);
			}),
		);
	});
});
