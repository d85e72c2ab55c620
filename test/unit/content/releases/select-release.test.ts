// Which release a device is offered, given what is released, withdrawn and installed, its model, its engine and its delay.
// The laws at the end hold whatever is released.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Channel } from "../../../../src/content/releases/channel.ts";
import { type Candidate, isLicensed, selectRelease } from "../../../../src/content/releases/select-release.ts";
import { compareVendorVersions } from "../../../../src/content/releases/vendor-version.ts";
import { admittedAt, anyRecord, makeRelease, NOW, recordOf } from "../content-fixtures.ts";

const DEVICE: Candidate = { model: "FW-100", channel: "stable", engine: "11.1.4", installed: null, admittedAt };
/** A license that has not ended. */
const RUNNING = { until: NOW + 1_000_000, grace: 0 };
const AT_ONCE = { ...RUNNING, delay: 0, emergencyDelay: 0 };
const THREE = recordOf(makeRelease(1), makeRelease(2), makeRelease(3));

describe("with releases 1.1, 1.2 and 1.3, of which 1.2 was withdrawn, a device", () => {
	const record = recordOf(makeRelease(1), makeRelease(2, { withdrawn: true }), makeRelease(3));
	it.each([
		["that has none", null, "offered", "first_install", "1.3", false],
		["that has 1.1", "1.1", "offered", "newer", "1.3", false],
		["that has the withdrawn one", "1.2", "offered", "installed_withdrawn", "1.3", false],
		["that has 1.3", "1.3", "current", "up_to_date", undefined, undefined],
		["that has one nobody knows", "0.9", "offered", "installed_unknown", "1.3", false],
	])("%s", (_, installed, status, reason, version, downgrade) => {
		const selection = selectRelease(record, AT_ONCE, { ...DEVICE, installed }, NOW);
		expect(selection).toMatchObject({ status, reason });
		if (selection.status === "offered") {
			expect([selection.release.version, selection.downgrade]).toEqual([version, downgrade]);
		}
	});
});

describe("with 2.0 for engines from 11 and its backport 1.9, which came later, for engines up to 10.99", () => {
	const record = recordOf(
		makeRelease(1, { version: "2.0", engine: { min: "11" } }),
		makeRelease(2, { version: "1.9", engine: { max: "10.99" } }),
		makeRelease(3, { version: "2.2", engine: { min: "11" } }),
	);
	it.each([
		["on 1.9 whose engine went up", "1.9", "11.1.0", "offered", "installed_incompatible", "2.2", false],
		["on 2.2 whose engine went back", "2.2", "10.2.0", "offered", "installed_incompatible", "1.9", true],
		["on 1.9 with its engine", "1.9", "10.2.0", "current", "up_to_date", undefined, undefined],
		["on 2.0 with its engine", "2.0", "11.1.0", "offered", "newer", "2.2", false],
		["on 2.2 with its engine", "2.2", "11.1.0", "current", "up_to_date", undefined, undefined],
	])("a device %s", (_, installed, engine, status, reason, version, downgrade) => {
		const selection = selectRelease(record, AT_ONCE, { ...DEVICE, installed, engine }, NOW);
		expect(selection).toMatchObject({ status, reason });
		if (selection.status === "offered") {
			expect([selection.release.version, selection.downgrade]).toEqual([version, downgrade]);
		}
	});

	it("a device of a model that the installed release is not for is offered what is", () => {
		const forOthers = recordOf(makeRelease(1), makeRelease(2, { models: ["FW-900"] }));
		const selection = selectRelease(forOthers, AT_ONCE, { ...DEVICE, installed: "1.2" }, NOW);
		expect(selection).toMatchObject({ reason: "installed_incompatible", downgrade: true, release: { version: "1.1" } });
	});
});

describe("an older version that was released on purpose", () => {
	const releases = [makeRelease(1, { version: "9.0.0" }), makeRelease(2, { version: "8.9.1" })];
	it.each([
		["vendor", true, "released_later"],
		["none", false, "newer"],
	] as const)("is offered; with version order %s as a downgrade: %s, and as %s", (versionOrder, downgrade, reason) => {
		const record = { ...recordOf(...releases), versionOrder };
		const selection = selectRelease(record, AT_ONCE, { ...DEVICE, installed: "9.0.0" }, NOW);
		expect(selection).toMatchObject({ reason, downgrade, release: { version: "8.9.1" } });
	});
});

describe("a version that the record does not know", () => {
	const slow = { ...RUNNING, delay: 500, emergencyDelay: 0 };
	const record = recordOf(makeRelease(1), makeRelease(600), makeRelease(900));
	it.each([
		["1.0, older than the choice", "1.0", "offered", "installed_unknown", false],
		[
			"1.300, newer than the choice: the record had it once, and nobody is sent back",
			"1.300",
			"current",
			"newer_installed",
			undefined,
		],
		["2.0, newer than everything: it is none of ours", "2.0", "offered", "installed_unknown", true],
	])("%s", (_, installed, status, reason, downgrade) => {
		const selection = selectRelease(record, slow, { ...DEVICE, installed }, NOW);
		expect(selection).toMatchObject({ status, reason });
		if (selection.status === "offered") {
			expect([selection.release.version, selection.downgrade]).toEqual(["1.1", downgrade]);
		}
	});
});

describe("a version that the record does not know, where versions have no order", () => {
	const record = { ...recordOf(makeRelease(1), makeRelease(2)), versionOrder: "none" } as const;
	it("is replaced, and nobody says whether by an older one", () => {
		const selection = selectRelease(record, AT_ONCE, { ...DEVICE, installed: "c0ffee" }, NOW);
		expect(selection).toMatchObject({ status: "offered", reason: "installed_unknown", downgrade: null });
	});

	it("that is known is newer or older by what was released first", () => {
		const known = selectRelease(record, AT_ONCE, { ...DEVICE, installed: "1.1" }, NOW);
		expect(known).toMatchObject({ status: "offered", reason: "newer", downgrade: false });
		const nothing = selectRelease(record, AT_ONCE, DEVICE, NOW);
		expect(nothing).toMatchObject({ status: "offered", reason: "first_install", downgrade: false });
	});
});

describe("when the newest was withdrawn", () => {
	const record = recordOf(makeRelease(1), makeRelease(2), makeRelease(3, { withdrawn: true }));
	it("whoever runs it is offered the one before, as a downgrade", () => {
		const selection = selectRelease(record, AT_ONCE, { ...DEVICE, installed: "1.3" }, NOW);
		expect(selection).toMatchObject({ reason: "installed_withdrawn", downgrade: true, release: { version: "1.2" } });
	});

	it("everybody else is offered the one before", () => {
		const selection = selectRelease(record, AT_ONCE, { ...DEVICE, installed: "1.1" }, NOW);
		expect(selection).toMatchObject({ reason: "newer", downgrade: false, release: { version: "1.2" } });
	});
});

it.each([
	["nothing was released", recordOf(), "no_release"],
	["all was withdrawn", recordOf(makeRelease(1, { withdrawn: true })), "no_release"],
	["nothing fits the model", recordOf(makeRelease(1, { models: ["FW-900"] })), "none_compatible"],
	["nothing fits the engine", recordOf(makeRelease(1, { engine: { min: "12" } })), "none_compatible"],
	["nothing is old enough", recordOf(makeRelease(1, { releasedAt: NOW - 99 })), "none_old_enough"],
])("says why there is nothing: %s", (_, record, reason) => {
	expect(selectRelease(record, { ...RUNNING, delay: 100, emergencyDelay: 0 }, DEVICE, NOW)).toMatchObject({
		status: "unavailable",
		reason,
	});
});

it.each([
	[{ models: ["FW-100", "FW-200"] }, "11.1.4", true],
	[{ models: ["FW-200"] }, "11.1.4", false],
	[{ engine: { min: "11.1.4" } }, "11.1.4-h7", true],
	[{ engine: { max: "11.1.4" } }, "11.1.4-h7", false],
	[{ engine: { min: "11" } }, null, false],
	[{}, null, true],
])("offers a release for %j to an engine %s: %s", (changes, engine, isOffered) => {
	const { status } = selectRelease(recordOf(makeRelease(1, changes)), AT_ONCE, { ...DEVICE, engine }, NOW);
	expect(status).toBe(isOffered ? "offered" : "unavailable");
});

describe("a delay", () => {
	it.each([
		[99, "unavailable"],
		[100, "offered"],
	])("of 100 seconds at second %i after the release: %s", (age, status) => {
		const record = recordOf(makeRelease(1, { releasedAt: NOW }));
		expect(selectRelease(record, { ...RUNNING, delay: 100, emergencyDelay: 0 }, DEVICE, NOW + age)).toMatchObject({
			status,
			holdsUntil: status === "offered" ? Infinity : NOW + 100,
		});
	});

	it.each([
		["routine", 0, "unavailable"],
		["important", 0, "unavailable"],
		["emergency", 0, "offered"],
		["emergency", 50, "unavailable"],
	] as const)(
		"of 100 seconds holds back a release that is %s, with %d for emergencies: %s",
		(urgency, emergencyDelay, status) => {
			const record = recordOf(makeRelease(1, { releasedAt: NOW, urgency }));
			const selection = selectRelease(record, { ...RUNNING, delay: 100, emergencyDelay }, DEVICE, NOW + 49);
			expect(selection).toMatchObject({ status });
			if (urgency === "emergency") expect(selection.holdsUntil).toBe(status === "offered" ? Infinity : NOW + 50);
		},
	);

	it("has an emergency release offered before a routine one that is newer", () => {
		const emergency = makeRelease(1, { releasedAt: NOW - 10, urgency: "emergency" });
		const record = recordOf(emergency, makeRelease(2, { releasedAt: NOW - 5 }));
		expect(selectRelease(record, { ...RUNNING, delay: 100, emergencyDelay: 0 }, DEVICE, NOW)).toMatchObject({
			...{ status: "offered", release: { version: emergency.version }, holdsUntil: NOW + 95 },
		});
	});

	it("never takes back what is installed already", () => {
		const device = { ...DEVICE, installed: "1.3" };
		expect(selectRelease(THREE, { ...RUNNING, delay: 999, emergencyDelay: 0 }, device, NOW)).toMatchObject({
			status: "current",
			reason: "newer_installed",
		});
	});

	it("cannot starve behind a publisher who is faster than it", () => {
		// A release every 10 seconds for ever, a delay of 100: what was released 100 seconds ago is always there to be had.
		fc.assert(
			fc.property(fc.integer({ min: 11, max: 60 }), fc.integer({ min: 0, max: 9 }), (count, phase) => {
				const releases = Array.from({ length: count }, (_, index) =>
					makeRelease(index + 1, { releasedAt: NOW + index * 10 }),
				);
				const now = NOW + (count - 1) * 10 + phase;
				const selection = selectRelease(
					recordOf(...releases),
					{ ...RUNNING, delay: 100, emergencyDelay: 0 },
					DEVICE,
					now,
				);
				expect(selection.status).toBe("offered");
				if (selection.status === "offered") expect(now - selection.release.releasedAt).toBeLessThan(110);
			}),
		);
	});
});

describe("whatever is released and installed,", () => {
	const anyCandidate = fc.record({
		model: fc.constantFrom("FW-100", "FW-900"),
		engine: fc.constantFrom(null, "9.9", "11.1.4"),
		installed: fc.constantFrom(null, "1.1", "1.2", "1.3", "1.4.1", "1.5.1", "1.7", "unknown"),
		admittedAt: fc.constant(admittedAt),
		channel: fc.constantFrom<Channel>("stable", "beta"),
	});
	const anyDelay = fc.constantFrom(0, 1, 500, 3000).map((delay) => ({ ...RUNNING, delay, emergencyDelay: delay / 2 }));
	const anyTime = fc.integer({ min: NOW - 6000, max: NOW + 9000 });

	it("what was withdrawn, does not fit or is too young is not offered", () => {
		fc.assert(
			fc.property(anyRecord, anyDelay, anyCandidate, anyTime, (record, grant, device, now) => {
				const selection = selectRelease(record, grant, device, now);
				if (selection.status !== "offered") return;
				const { release } = selection;
				expect(release.withdrawn).toBe(false);
				expect(release.models === null || release.models.includes(device.model)).toBe(true);
				const delay = release.urgency === "emergency" ? grant.emergencyDelay : grant.delay;
				expect(now).toBeGreaterThanOrEqual(release.releasedAt + delay);
				expect(release.version).not.toBe(device.installed);
			}),
		);
	});

	it("an offer is a step back only from what was withdrawn, does not fit the device, or is not ours", () => {
		fc.assert(
			fc.property(anyRecord, anyDelay, anyCandidate, anyTime, (record, grant, device, now) => {
				const selection = selectRelease(record, grant, device, now);
				if (selection.status !== "offered") return;
				const installed = record.releases.find(({ version }) => version === device.installed);
				// Beside these, of one channel alone, what its publisher released later though it is older.
				if (selection.downgrade && !(installed?.channel === "beta" && selection.release.channel === "beta")) {
					expect(["installed_withdrawn", "installed_incompatible", "installed_unknown"]).toContain(selection.reason);
				}
				if (installed === undefined) return;
				expect(selection.downgrade).toBe(compareVendorVersions(selection.release.version, installed.version) < 0);
				if (selection.reason === "installed_withdrawn") expect(installed.withdrawn).toBe(true);
			}),
		);
	});

	it("the answer holds to the second until which it says it does, and as time goes on nothing older is offered", () => {
		fc.assert(
			fc.property(anyRecord, anyDelay, anyCandidate, anyTime, (record, grant, device, now) => {
				const choice = (at: number) => {
					const { holdsUntil: _, ...selection } = selectRelease(record, grant, device, at);
					return selection;
				};
				const { holdsUntil } = selectRelease(record, grant, device, now);
				if (holdsUntil === Infinity) {
					expect(choice(now + 100_000)).toEqual(choice(now));
					return;
				}
				expect(holdsUntil).toBeGreaterThan(now);
				expect(choice(holdsUntil - 1)).toEqual(choice(now));
				const [before, after] = [choice(now), choice(holdsUntil)];
				if (before.status === "offered" && after.status === "offered") {
					expect(after.release.sequence).toBeGreaterThan(before.release.sequence);
				}
			}),
		);
	});

	it("a new release changes nothing for those whom it does not fit", () => {
		fc.assert(
			fc.property(anyRecord, anyDelay, anyTime, (record, grant, now) => {
				const foreign = makeRelease(record.releases.length + 1, { models: ["OTHER"], releasedAt: now });
				const grown = { ...record, releases: [foreign, ...record.releases] };
				const before = selectRelease(record, grant, DEVICE, now);
				const after = selectRelease(grown, grant, DEVICE, now);
				if (before.status !== "unavailable") expect(after).toEqual(before);
				else expect(after.status).toBe("unavailable");
			}),
		);
	});
});

describe("after license and grace have ended", () => {
	const ENDED = { until: NOW - 500, grace: 100, delay: 0, emergencyDelay: 0 };
	const before = makeRelease(1, { releasedAt: NOW - 401 });
	const atTheEnd = makeRelease(2, { releasedAt: NOW - 400 });
	const emergency = makeRelease(3, { releasedAt: NOW - 300, urgency: "emergency" });
	const later = makeRelease(4, { releasedAt: NOW - 200, urgency: "important" });

	it.each([
		["what came out in time", [before], "1.1"],
		["what came out in time, not what came at the end or later", [before, atTheEnd, later], "1.1"],
		["the newest emergency release", [before, emergency, later], "1.3"],
	])("there is %s", (_, releases, version) => {
		const offered = selectRelease(recordOf(...releases), ENDED, { ...DEVICE, installed: null }, NOW);
		expect(offered).toMatchObject({ status: "offered", release: { version } });
	});

	it("there is nothing where everything came later", () => {
		expect(selectRelease(recordOf(atTheEnd, later), ENDED, DEVICE, NOW)).toMatchObject({
			status: "unavailable",
			reason: "none_licensed",
		});
	});

	it("nobody is sent back from something newer", () => {
		expect(selectRelease(recordOf(before, later), ENDED, { ...DEVICE, installed: "1.4" }, NOW)).toMatchObject({
			status: "current",
			reason: "newer_installed",
		});
	});

	it("until the last second of the grace everything still comes", () => {
		const selection = selectRelease(recordOf(before, later), ENDED, DEVICE, NOW - 401);
		expect(selection).toMatchObject({ status: "offered" });
		expect([isLicensed(later, ENDED, NOW - 401), isLicensed(later, ENDED, NOW - 400)]).toEqual([true, false]);
	});
});
