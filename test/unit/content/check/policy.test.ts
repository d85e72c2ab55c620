// What a customer's say does to the answer of a check: it puts off, it never offers by itself, and it never takes anything away.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerCheck, answerProduct, type CheckFacts } from "../../../../src/content/check/check.ts";
import { explainProduct } from "../../../../src/content/check/explain.ts";
import type { Candidate } from "../../../../src/content/releases/select-release.ts";
import type { DevicePolicy } from "../../../../src/entitlement/policy/device-policy.ts";
import { runs } from "../../../support/runs.ts";
import {
	admittedAt,
	anyGrant,
	anyRecord,
	BUCKETS,
	DEVICE,
	GRANT,
	HOUR,
	makeRelease,
	NOW,
	recordOf,
} from "../content-fixtures.ts";

const NOTHING: DevicePolicy = { zone: null, windows: null, freezes: [], passes: [], minAge: 0, pins: {}, held: false };
const WEEK = 604_800;
/** Seconds of the week at NOW, in UTC. */
const HERE = (NOW + 3 * 86_400) % WEEK;
const windowIn = (wait: number, length = 4 * HOUR) => [{ start: (HERE + wait + WEEK) % WEEK, length }];
const [OLD, NEW] = [makeRelease(1), makeRelease(2)];

function answer(
	policy: Partial<DevicePolicy>,
	{ installed = "1.1" as string | null, record = recordOf(OLD, NEW), now = NOW } = {},
) {
	const device = { ...DEVICE, policy: { ...NOTHING, ...policy } };
	const candidate: Candidate = { model: "FW-100", channel: "stable" as const, engine: null, installed, admittedAt };
	return answerProduct(device, "crs", () => record, candidate, now).selection;
}

describe("a newer release", () => {
	it.each<[string, Partial<DevicePolicy>, string, string, number]>([
		["is offered in a window, until that closes", { windows: windowIn(-HOUR) }, "offered", "newer", NOW + 3 * HOUR],
		["waits outside of it", { windows: windowIn(HOUR) }, "current", "outside_window", NOW + HOUR],
		[
			"waits for the first window after a freeze",
			{ windows: windowIn(-HOUR), freezes: [{ from: NOW, until: NOW + HOUR }] },
			"current",
			"frozen",
			NOW + HOUR,
		],
		[
			"waits for a window that opens a week after a freeze, and says that the window is what it waits for, all the time",
			{ windows: windowIn(-HOUR), freezes: [{ from: NOW, until: NOW + 3 * HOUR }] },
			"current",
			"outside_window",
			NOW - HOUR + WEEK,
		],
		[
			"is offered until a freeze begins",
			{ freezes: [{ from: NOW + 1, until: NOW + HOUR }] },
			"offered",
			"newer",
			NOW + 1,
		],
		["is offered after it", { freezes: [{ from: NOW - 9, until: NOW }] }, "offered", "newer", Number.POSITIVE_INFINITY],
		[
			"does not come to a device that is held",
			{ held: true, passes: ["emergency", "revert"] },
			"current",
			"held",
			Number.POSITIVE_INFINITY,
		],
		[
			"comes where it is pinned",
			{ pins: { crs: { version: "1.2", downgrade: false } } },
			"offered",
			"newer",
			Number.POSITIVE_INFINITY,
		],
		[
			"does not come where the installed one is",
			{ pins: { crs: { version: "1.1", downgrade: false } } },
			"current",
			"up_to_date",
			Number.POSITIVE_INFINITY,
		],
		[
			"does not come where another is, that is not there",
			{ pins: { crs: { version: "9", downgrade: false } } },
			"unavailable",
			"pin_unavailable",
			Number.POSITIVE_INFINITY,
		],
		[
			"comes where the pin is of another product",
			{ pins: { av: { version: "9", downgrade: false } } },
			"offered",
			"newer",
			Number.POSITIVE_INFINITY,
		],
	])("%s", (_, policy, status, reason, holdsUntil) => {
		// The license ends at NOW + 1,000, and says so by itself: what is asked here is the selection's own time.
		expect(answer(policy)).toMatchObject({ status, reason, holdsUntil });
	});

	it("is pinned by no name that every object has something of", () => {
		const grants = { constructor: GRANT };
		const device = { ...DEVICE, grants, policy: { ...NOTHING, held: false } };
		const candidate: Candidate = { model: "FW-100", channel: "stable", engine: null, installed: "1.1", admittedAt };
		const { selection } = answerProduct(device, "constructor", () => recordOf(OLD, NEW), candidate, NOW);
		expect(selection).toMatchObject({ status: "offered", release: { version: "1.2" } });
	});

	it("names what waits", () => {
		expect(answer({ held: true })).toMatchObject({ waiting: { version: "1.2" } });
	});

	it("comes to a device that has nothing, whatever its windows, freezes and holds", () => {
		const policy = { held: true, windows: windowIn(HOUR), freezes: [{ from: NOW, until: NOW + HOUR }] };
		expect(answer(policy, { installed: null })).toMatchObject({ status: "offered", reason: "first_install" });
	});

	it.each([
		["an emergency passes where the account lets it", ["emergency"], { urgency: "emergency" }, {}, "offered"],
		["an emergency waits where it does not", ["revert"], { urgency: "emergency" }, {}, "current"],
		[
			"the way back from a withdrawn release passes where the account lets it",
			["revert"],
			{},
			{ withdrawn: true },
			"offered",
		],
		["the way back waits where it does not", ["emergency"], {}, { withdrawn: true }, "current"],
	] as const)("%s", (_, passes, ofNew, ofOld, status) => {
		const record = recordOf(makeRelease(1, ofOld), makeRelease(2, ofNew));
		expect(answer({ passes, windows: windowIn(HOUR) }, { record })).toMatchObject({ status });
		expect(answer({ passes, freezes: [{ from: 0, until: NOW + 1 }] }, { record })).toMatchObject({ status });
	});
});

describe("a pin", () => {
	const back = (downgrade: boolean) => ({ pins: { crs: { version: "1.1", downgrade } } });
	it("to an older release takes nobody back who was not told so by name", () => {
		expect(answer(back(false), { installed: "1.2" })).toMatchObject({ status: "current", reason: "newer_installed" });
		expect(answer(back(true), { installed: "1.2" })).toMatchObject({ status: "offered", downgrade: true });
	});
	it("to a withdrawn release is refused, and the device keeps what it has", () => {
		const record = recordOf(makeRelease(1, { withdrawn: true }), NEW);
		for (const installed of ["1.1", "1.2"])
			expect(answer(back(true), { installed, record })).toMatchObject({
				status: "unavailable",
				reason: "pin_unavailable",
			});
	});
});

const anyPolicy: fc.Arbitrary<DevicePolicy> = fc.record({
	zone: fc.constantFrom(null, "Europe/Zurich", "Australia/Lord_Howe"),
	windows: fc.option(
		fc.array(
			fc.record({ start: fc.integer({ min: 0, max: WEEK - 1 }), length: fc.integer({ min: 900, max: 86_400 }) }),
			{
				minLength: 1,
				maxLength: 4,
			},
		),
	),
	freezes: fc.array(
		fc
			.tuple(fc.integer({ min: NOW - 5_000, max: NOW + 5_000 }), fc.integer({ min: 1, max: 9_000 }))
			.map(([from, length]) => ({ from, until: from + length })),
		{ maxLength: 3 },
	),
	passes: fc.subarray<"emergency" | "revert">(["emergency", "revert"]),
	minAge: fc.constant(0),
	pins: fc.oneof(
		fc.constant({}),
		fc.record({ crs: fc.record({ version: fc.constantFrom("1.1", "1.2", "1.4", "9"), downgrade: fc.boolean() }) }),
	),
	held: fc.boolean(),
});
const anyCase = fc.record({
	record: anyRecord,
	grant: anyGrant,
	installed: fc.constantFrom(null, "1.1", "1.3", "0.9"),
	now: fc.integer({ min: NOW - 6_000, max: NOW + 6_000 }),
});
const factsOf = ({
	record,
	grant,
	installed,
	now,
}: typeof anyCase extends fc.Arbitrary<infer T> ? T : never): CheckFacts => ({
	device: { ...DEVICE, grants: { crs: grant } },
	circumstances: { engine: null, country: null },
	installed: new Map([["crs", installed]]),
	seen: 0,
	recordOf: () => record,
	messages: [],
	buckets: BUCKETS,
	now,
});
const law = (seen: (policy: DevicePolicy, facts: CheckFacts) => void) =>
	fc.assert(
		fc.property(anyPolicy, anyCase, (policy, one) => seen(policy, factsOf(one))),
		{ numRuns: runs(500, 20_000) },
	);
const under = (facts: CheckFacts, policy: DevicePolicy) =>
	answerCheck({ ...facts, device: { ...facts.device, policy } });

describe("law: whatever the account says", () => {
	it("a policy that says nothing changes nothing", () => {
		law((_, facts) => {
			expect(under(facts, NOTHING)).toEqual(answerCheck(facts));
		});
	});

	it("nothing is offered that the vendor does not offer, but for a pinned version that the device may have; and nothing is refused", () => {
		law((policy, facts) => {
			const [own, vendors] = [under(facts, policy).products[0], answerCheck(facts).products[0]];
			expect(own?.entitlement).toEqual(vendors?.entitlement);
			if (own?.selection?.status !== "offered") return;
			const { release } = own.selection;
			expect(release.withdrawn).toBe(false);
			if (policy.pins["crs"] === undefined)
				expect(vendors?.selection).toMatchObject({ status: "offered", release: { version: release.version } });
			else expect(release.version).toBe(policy.pins["crs"].version);
		});
	});

	it("a device that is held with something installed is offered nothing", () => {
		law((policy, facts) => {
			const [held] = under(facts, { ...policy, held: true }).products;
			if (facts.installed.get("crs") !== null) expect(held?.selection?.status ?? "refused").not.toBe("offered");
		});
	});

	it("the answer stays the same until the time that it names", () => {
		law((policy, facts) => {
			const before = under(facts, policy);
			expect(before.holdsUntil).toBeGreaterThan(facts.now);
			const last = Math.min(before.holdsUntil - 1, facts.now + 2 * WEEK);
			for (const now of [Math.floor((facts.now + last) / 2), last]) {
				const after = under({ ...facts, now }, policy);
				expect([after.products[0]?.selection?.status, after.products[0]?.selection?.reason]).toEqual([
					before.products[0]?.selection?.status,
					before.products[0]?.selection?.reason,
				]);
			}
		});
	});

	it("what is put off until a time is offered at it, or what else the check says then; and the explanation names that time", () => {
		law((policy, facts) => {
			const candidate: Candidate = {
				model: DEVICE.model,
				channel: "stable",
				engine: null,
				installed: facts.installed.get("crs") ?? null,
				admittedAt,
			};
			const device = { ...facts.device, policy };
			const question = { device, product: "crs", record: facts.recordOf("crs"), candidate, now: facts.now };
			const { install, answer: said } = explainProduct(question);
			if (said.selection?.status === "offered") expect(install?.at).toBe(facts.now);
			if (install === null) return;
			const then = under({ ...facts, now: install.at }, policy).products[0]?.selection;
			expect(then).toMatchObject({ status: "offered", release: { version: install.release.version } });
		});
	});
});
