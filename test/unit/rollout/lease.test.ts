// Permits while few may have a release, and what becomes of them, at their boundaries.
import { describe, expect, it } from "vitest";
import type { Evidence } from "../../../src/rollout/evidence.ts";
import {
	decidePermit,
	decideReport,
	endLease,
	isWordOn,
	type Lease,
	type LeaseOutcome,
	type PermitQuestion,
	REPORTED,
} from "../../../src/rollout/lease.ts";
import type { Phase, Rollout } from "../../../src/rollout/rollout.ts";
import { ASKED, evidenceAt, leaseOf, NOW, standing } from "./leases.ts";

const answer = (rollout: Rollout, evidence: Evidence, question: Partial<PermitQuestion> = {}) => {
	const decision = decidePermit(rollout, evidence, { ...ASKED, ...question }, NOW);
	return decision.ok ? decision.kind : decision.reason;
};

describe("a permit", () => {
	it.each<[Phase, string]>([
		["waiting", "not_started"],
		["running", "given"],
		["baking", "step_full"],
		["frozen", "frozen"],
		["halted", "halted"],
		["ended", "ended"],
		["done", "free"],
	])("of a rollout that is %s: %s", (phase, expected) => {
		expect(answer(standing(phase), evidenceAt(0))).toBe(expected);
	});

	it.each([
		["nobody has one", 0, "given"],
		["one place is left", 1, "given"],
		["none is left", 2, "step_full"],
	])("of a step for two units, when %s", (_, permits, expected) => {
		expect(answer(standing("running"), evidenceAt(0, { permits }))).toBe(expected);
	});

	it.each([
		["its own, open, also while its step is full", standing("baking"), "a", null, "again"],
		["its own, open, in a freeze", standing("frozen"), "a", null, "again"],
		["its own, open, of a halted rollout", standing("halted"), "a", null, "halted"],
		["its own, healthy", standing("running"), "a", "healthy", "again"],
		["its own, put off: the place is another's", standing("running"), "a", "excused", "step_full"],
		["its own, silent too long", standing("running"), "a", "silent", "failed_before"],
		["none, though there are places", standing("running"), "z", null, "step_full"],
	] as const)("that a device asks for again, which has %s", (_, rollout, device, outcome, expected) => {
		const unitLeases = device === "a" ? [leaseOf("a", outcome)] : [];
		expect(answer(rollout, evidenceAt(0), { isAgain: true, unitLeases })).toBe(expected);
	});

	it("of a second unit of an account is for later steps", () => {
		expect(answer(standing("running"), evidenceAt(0, { permits: 1 }), { unitsOfAccount: 1 })).toBe(
			"account_has_enough",
		);
	});

	it.each([
		["running", 2, {}, "frozen"],
		["baking", 3, {}, "frozen"],
		["waiting", 2, {}, "not_started"],
		["halted", 2, {}, "halted"],
	] as const)("in a freeze of the product, of a rollout that is %s: %s", (phase, step, _, expected) => {
		expect(answer(standing(phase, step), evidenceAt(step, {}), { frozen: NOW + 60 })).toBe(expected);
	});

	it.each([
		["a minute ago", 60, "site_has_one"],
		["an hour ago, less a second", 3_599, "site_has_one"],
		["an hour ago", 3_600, "given"],
	])("of a second unit of a site whose first had its own %s", (_, ago, expected) => {
		const asked = { siteSince: NOW - ago };
		expect(answer(standing("running", 2), evidenceAt(2, { permits: 1 }), asked)).toBe(expected);
		// Everybody else comes by time: a ramp is no small step.
		expect(answer(standing("running", 3), evidenceAt(3, {}), asked)).toBe("given");
	});

	it.each([
		["unitsOfModel", "modelShare", 29, "given"],
		["unitsOfModel", "modelShare", 30, "model_has_enough"],
		["unitsOfRegion", "regionShare", 29, "given"],
		["unitsOfRegion", "regionShare", 30, "region_has_enough"],
	] as const)("of a step for 60 units, half of one kind at most: %s of %s is %d", (known, share, units, expected) => {
		const rollout = standing("running", 2);
		const steps = rollout.plan.steps.map((step, index) =>
			index === 2 ? { ...step, cohort: { ...step.cohort, [share]: 0.5 } } : step,
		);
		const shared = { ...rollout, plan: { ...rollout.plan, steps } } as typeof rollout;
		expect(answer(shared, evidenceAt(2, { permits: units, healthy: units }), { [known]: units })).toBe(expected);
	});

	it.each([
		["an ordinary place of a model that has one", 10, 1, true, "given"],
		["the last two places of a model that has one", 58, 1, true, "other_models_first"],
		["the last two places of a new model", 58, 1, false, "given"],
		["the last place when all models are there", 59, 3, true, "given"],
	])("for %s", (_, permits, models, isKnownModel, expected) => {
		const healthy = permits;
		expect(answer(standing("running", 2), evidenceAt(2, { permits, healthy, models }), { isKnownModel })).toBe(
			expected,
		);
	});

	it.each<[string, LeaseOutcome | null, string]>([
		["is open", null, "again"],
		["was healthy", "healthy", "again"],
		["has failed", "failed", "failed_before"],
		["was silent", "silent", "failed_before"],
		["was excused", "excused", "given"],
	])("of a device whose own lease %s", (_, outcome, expected) => {
		expect(answer(standing("running"), evidenceAt(0, { permits: 1 }), { unitLeases: [leaseOf("a", outcome)] })).toBe(
			expected,
		);
	});

	it.each<[Phase, string]>([
		["waiting", "not_started"],
		["frozen", "frozen"],
		["baking", "step_full"],
		["running", "step_full"],
	])(
		"of a device that joined a group since another of it took its place, in a rollout that is %s: %s",
		(phase, expected) => {
			const full = evidenceAt(0, { permits: 2 });
			const unitLeases = [{ ...leaseOf("b", "healthy"), partners: ["c"] }];
			expect(answer(standing(phase), full, { unitLeases })).toBe(expected);
			// Who was of it goes on with it.
			expect(answer(standing(phase), full, { device: "c", unitLeases })).toBe("given");
		},
	);

	it.each<[string, LeaseOutcome | null, string]>([
		["is under way", null, "peer_under_way"],
		["is healthy", "healthy", "given"],
		["has failed", "failed", "peer_failed"],
		["was silent", "silent", "peer_failed"],
	])("of the other half of a group whose first %s, though the step is full", (_, outcome, expected) => {
		const full = evidenceAt(0, { permits: 2 });
		expect(answer(standing("baking"), full, { unitLeases: [leaseOf("b", outcome)] })).toBe(expected);
	});

	it.each<[string, LeaseOutcome | null, string]>([
		["has a permit, is not waited for", null, "given"],
		["was healthy, has left its place to it", "healthy", "given"],
		["failed, still spares it", "failed", "peer_failed"],
		["was silent, still spares it", "silent", "peer_failed"],
	])("of the other half of a group whose first is gone: it %s", (_, outcome, expected) => {
		const unitLeases = [leaseOf("b", outcome)];
		expect(answer(standing("running"), evidenceAt(0), { peers: [], unitLeases })).toBe(expected);
	});

	it("of the other half of a group whose first is gone takes a place of its own", () => {
		const unitLeases = [leaseOf("b")];
		expect(answer(standing("running"), evidenceAt(0, { permits: 2 }), { peers: [], unitLeases })).toBe("step_full");
	});

	it.each<[Phase, LeaseOutcome | null, string]>([
		["baking", null, "given"],
		["baking", "failed", "given"],
		["baking", "silent", "given"],
		["baking", "excused", "step_full"],
		["waiting", "failed", "not_started"],
		["frozen", "failed", "frozen"],
		["halted", "failed", "halted"],
	])(
		"of a group that its operator unlocked, in a full rollout that is %s, whose first is %s: %s",
		(phase, outcome, expected) => {
			const full = evidenceAt(0, { permits: 2 });
			const unitLeases = [leaseOf("b", outcome)];
			expect(answer(standing(phase), full, { isUnlocked: true, unitLeases })).toBe(expected);
			// A device that joined since has no part in the place.
			if (expected !== "given") return;
			const joined = [{ ...leaseOf("b", outcome), partners: ["c"] }];
			expect(answer(standing(phase), full, { isUnlocked: true, unitLeases: joined })).toBe("step_full");
			const decision = decidePermit(standing(phase), full, { ...ASKED, isUnlocked: true, unitLeases }, NOW);
			expect(decision).toMatchObject({ counts: false });
		},
	);

	it("of a group that its operator unlocked is none for the device that failed itself", () => {
		const unitLeases = [leaseOf("a", "failed"), leaseOf("b")];
		expect(answer(standing("running"), evidenceAt(0), { isUnlocked: true, unitLeases })).toBe("failed_before");
	});
});

describe("a report", () => {
	const counted = (lease: Lease, reported: (typeof REPORTED)[number]) =>
		decideReport(lease, reported, null, NOW)?.count ?? null;

	it.each<[LeaseOutcome | null, (typeof REPORTED)[number], string[] | null]>([
		[null, "installed", null],
		[null, "healthy", ["healthy"]],
		[null, "failed", ["failed"]],
		[null, "rolled_back", ["failed"]],
		[null, "downloaded", null],
		[null, "deferred", ["excused"]],
		[null, "declined", ["excused"]],
		["healthy", "deferred", null],
		["failed", "declined", null],
		["silent", "deferred", null],
		["healthy", "healthy", null],
		["healthy", "failed", ["failed", "relapsed"]],
		["failed", "healthy", null],
		["failed", "failed", null],
		["silent", "healthy", null],
		["silent", "failed", null],
		["excused", "healthy", null],
		["excused", "failed", ["permits", "failed"]],
	])("on a lease that is %s says %s: counts %o", (outcome, reported, expected) => {
		expect(counted(leaseOf("a", outcome), reported)).toEqual(expected);
	});

	it.each(REPORTED)("under an earlier permit says %s: heard only of a failure", (reported) => {
		const isBad = reported === "failed" || reported === "rolled_back";
		expect(isWordOn(leaseOf("a"), NOW, reported)).toBe(true);
		expect(isWordOn(leaseOf("a"), NOW - 1, reported)).toBe(isBad);
	});

	it("of a second member of a group counts only when it failed", () => {
		expect(counted(leaseOf("b", null, false), "healthy")).toEqual([]);
		expect(counted(leaseOf("b", null, false), "failed")).toEqual(["permits", "failed"]);
	});

	it("that a second member of a group failed takes the place of the first, which is healthy: the unit has failed", () => {
		const holder = { ...leaseOf("a", "healthy"), step: 1 };
		const second = { ...leaseOf("b", null, false), step: 2 };
		for (const outcome of ["failed", "silent"] as const) {
			const effect =
				outcome === "failed"
					? decideReport(second, "rolled_back", null, NOW, holder)
					: endLease(second, false, NOW, holder);
			expect(effect).toMatchObject({
				lease: { device: "b", outcome, counts: true, step: 1 },
				yields: { device: "a", outcome: "healthy", counts: false },
				count: [outcome, "relapsed"],
			});
		}
		expect(endLease(second, true, NOW, holder)).toMatchObject({ lease: { outcome: "excused" }, count: [] });
		expect(decideReport(second, "healthy", null, NOW, holder)?.count).toEqual([]);
	});

	it("of a device that had put it off, and failed after all, takes the place in which another of its group is under way", () => {
		const effect = decideReport(leaseOf("a", "excused"), "failed", null, NOW, { ...leaseOf("b"), step: 2 });
		expect(effect).toMatchObject({
			lease: { device: "a", outcome: "failed", counts: true, step: 2 },
			yields: { device: "b", outcome: null, counts: false },
			count: ["failed"],
		});
	});

	it("whoever could not report has put the release off, which it can do a few times", () => {
		expect(endLease(leaseOf("a"), true, NOW)).toMatchObject({ lease: { outcome: "excused", deferrals: 1 } });
		expect(endLease(leaseOf("a"), false, NOW)).toMatchObject({ lease: { outcome: "silent", deferrals: 0 } });
	});

	it("that the first member failed after the second one counts no more, and where nobody stands for the unit it does", () => {
		const first = leaseOf("a", "healthy", false);
		for (const lease of [first, leaseOf("a", "excused")]) {
			const effect = decideReport(lease, "failed", null, NOW, leaseOf("b", "silent"));
			expect(effect).toMatchObject({ lease: { outcome: "failed", counts: false }, count: [] });
		}
		expect(endLease({ ...first, outcome: null }, false, NOW, leaseOf("b", "failed")).count).toEqual([]);
		expect(decideReport(first, "failed", null, NOW)).toMatchObject({ lease: { counts: true } });
	});
});
