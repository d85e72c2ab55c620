// A ramp that follows the moon lets each unit in at night, by the clock where it stands, after its place in the ramp has come.
import { describe, expect, it } from "vitest";
import { admittedAt, admittedUntil } from "../../../../src/content/releases/rollout-place.ts";
import type { DevicePolicy } from "../../../../src/entitlement/policy/device-policy.ts";
import { STANDARD } from "../../../../src/rollout/built-in-plans.ts";
import { decideRollout } from "../../../../src/rollout/decide-rollout.ts";
import { NO_EVIDENCE } from "../../../../src/rollout/evidence.ts";
import { plan } from "../../../../src/rollout/plan.ts";
import { type Reach, reachOf } from "../../../../src/rollout/reach.ts";
import { createRollout, type Rollout, rampEndsAt, rampFullAt } from "../../../../src/rollout/rollout.ts";
import { statusOf } from "../../../../src/rollout/rollout-status.ts";
import { BUCKETS, DEVICE, REACH } from "../content-fixtures.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const at = (text: string) => Date.parse(text) / 1_000;
const NOTHING: DevicePolicy = { zone: null, windows: null, freezes: [], passes: [], minAge: 0, pins: {}, held: false };
/** Open to all since then. */
const since = (time: string): Reach => ({ ...REACH, from: 1, to: 1, since: at(time), seconds: 0, night: true });
const CIRCUMSTANCES = { engine: null, country: null };
const admitted = (zone: string | null, reach: Reach, now: string) =>
	admittedAt(
		reach,
		{ ...DEVICE, policy: zone === null ? null : { ...NOTHING, zone } },
		CIRCUMSTANCES,
		BUCKETS,
		at(now),
	);

describe("a unit", () => {
	it.each([
		["Europe/Zurich", "2026-07-01T12:00:00Z", "2026-07-01T23:00:00Z"],
		["America/Los_Angeles", "2026-07-01T12:00:00Z", "2026-07-02T08:00:00Z"],
		["Asia/Tokyo", "2026-07-01T12:00:00Z", "2026-07-01T16:00:00Z"],
		[null, "2026-07-01T12:00:00Z", "2026-07-02T01:00:00Z"],
	])("in %s at %s is let in in the hour after %s", (zone, now, night) => {
		const wait = admitted(zone, since("2026-07-01T00:00:00Z"), now) - at(night);
		expect(wait).toBeGreaterThanOrEqual(0);
		expect(wait).toBeLessThanOrEqual(HOUR);
	});

	it("whose place in the ramp comes in the day waits for the night after it", () => {
		const time = admitted("Europe/Zurich", since("2026-07-03T09:00:00Z"), "2026-07-01T12:00:00Z");
		expect(time).toBeGreaterThanOrEqual(at("2026-07-03T23:00:00Z"));
		expect(time).toBeLessThan(at("2026-07-04T00:00:00Z"));
	});

	it("is let in now in the middle of the night, until that ends, and not after it", () => {
		const device = { ...DEVICE, policy: { ...NOTHING, zone: "Europe/Zurich" } };
		const reach = since("2026-07-01T00:00:00Z");
		expect(admitted("Europe/Zurich", reach, "2026-07-02T01:30:00Z")).toBe(at("2026-07-02T01:30:00Z"));
		expect(admittedUntil(reach, device, at("2026-07-02T01:30:00Z"))).toBe(at("2026-07-02T03:00:00Z"));
		expect(admitted("Europe/Zurich", reach, "2026-07-02T03:00:00Z")).toBeGreaterThan(at("2026-07-02T22:59:59Z"));
	});

	it("whose bucket the ramp never reaches is not let in at any night", () => {
		expect(
			admitted("Europe/Zurich", { ...since("2026-07-01T00:00:00Z"), from: 0, to: 0.1 }, "2026-07-01T12:00:00Z"),
		).toBe(Number.POSITIVE_INFINITY);
	});

	it("of a ramp that does not follow the moon comes at any time", () => {
		const { night: _, ...reach } = since("2026-07-01T00:00:00Z");
		expect(admitted("Europe/Zurich", reach, "2026-07-01T12:00:00Z")).toBe(at("2026-07-01T00:00:00Z"));
		expect(admittedUntil(reach, DEVICE, at("2026-07-01T12:00:00Z"))).toBe(Number.POSITIVE_INFINITY);
	});
});

describe("a plan", () => {
	const start = at("2026-07-01T12:00:00Z");
	const steps = STANDARD.steps.map((step, index) =>
		index === 3 ? { ...step, cohort: { ...step.cohort, night: true } } : step,
	);
	const moon = plan.parse({ ...STANDARD, name: "moon", steps });
	const input = { plan: moon, salt: "s", publisher: "ci", team: null, startsAt: 0, now: start };
	const ramping: Rollout = { ...createRollout(input), phase: "running", step: 3 };

	it("says so to the edges, of the step that follows the moon alone", () => {
		expect(reachOf(ramping)).toMatchObject({ night: true, seconds: DAY });
		expect(reachOf({ ...ramping, step: 2 })).not.toHaveProperty("night");
		expect(reachOf({ ...ramping, plan: STANDARD })).not.toHaveProperty("night");
	});

	it("has everybody of the ramp a day after its end, which its status tells, and judges from then on", () => {
		expect(rampEndsAt(ramping)).toBe(start + DAY);
		expect(rampFullAt(ramping)).toBe(start + 2 * DAY);
		expect(statusOf(ramping, NO_EVIDENCE, [], start).waitsFor).toEqual([{ kind: "ramp", at: start + 2 * DAY }]);
		expect(decideRollout(ramping, NO_EVIDENCE, [], start + 2 * DAY - 1).rollout.phase).toBe("running");
		expect(decideRollout(ramping, NO_EVIDENCE, [], start + 2 * DAY).rollout.phase).toBe("baking");
		expect(rampFullAt({ ...ramping, plan: STANDARD })).toBe(start + DAY);
	});

	it("takes no night for a number of units", () => {
		const wrong = steps.map((step, index) => (index === 0 ? { ...step, cohort: { units: 2, night: true } } : step));
		expect(plan.safeParse({ ...moon, steps: wrong }).success).toBe(false);
	});
});
