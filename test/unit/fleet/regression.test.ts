// When a release that everybody may have is said to fail more often than those before it: counts, boundaries, and laws.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { FleetCell, FleetProblem } from "../../../src/fleet/fleet-summary.ts";
import {
	countVersions,
	describeRegression,
	findRegression,
	isSuspect,
	LEAST_DEVICES,
	unknownDevices,
	type VersionCount,
} from "../../../src/fleet/regression.ts";

const of = (running: number, failed: number, version = "2"): VersionCount => ({ version, running, failed });
const isFound = (count: VersionCount, earlier: VersionCount[] = [], other = 0) =>
	findRegression(count, earlier, other) !== null;

describe("a release without earlier ones may fail on 2 % of its devices", () => {
	test.each([
		["49 devices of which all failed are too few", of(0, 49), false],
		["50 devices of which all failed", of(0, 50), true],
		["4 of 50 may be chance", of(46, 4), false],
		["5 of 50", of(45, 5), true],
		["37 of 1000 may be chance", of(963, 37), false],
		["38 of 1000", of(962, 38), true],
		["256 of 10000 may be chance", of(9_744, 256), false],
		["257 of 10000", of(9_743, 257), true],
	])("%s", (_, count, expected) => {
		expect(isFound(count)).toBe(expected);
		expect(isSuspect(count, 0)).toBe(expected);
	});
});

describe("what is usual is told by the releases before it", () => {
	test.each([
		["3 % before: 84 of 1000 may be chance", 84, [of(9_700, 300)], 0.06, false],
		["3 % before: 91 of 1000", 91, [of(9_700, 300)], 0.06, true],
		["several are counted together", 91, [of(9_700, 100), of(0, 200)], 0.06, true],
		["49 devices before say nothing", 38, [of(25, 24)], 0.02, true],
		["50 devices before do, up to 5 %", 38, [of(25, 25)], 0.1, false],
		["of however many failures before, 5 % pass for usual", 138, [of(0, 10_000)], 0.1, true],
		["of however few, 1 %", 38, [of(10_000, 0)], 0.02, true],
	])("%s", (_, failed, earlier, limit, expected) => {
		const found = findRegression(of(1_000 - failed, failed), earlier, 0);
		expect(found !== null).toBe(expected);
		if (found !== null) expect(found.limit).toBeCloseTo(limit, 10);
	});
});

it("devices of unknown versions count as running the release", () => {
	expect(isFound(of(962, 38), [], 0)).toBe(true);
	expect(isFound(of(962, 38), [], 1_000)).toBe(false);
});

const amount = fc.nat({ max: 100_000 });
const anyCount = fc.record({ version: fc.constant("1"), running: amount, failed: amount });

it("never judges on fewer devices than it needs, whatever the earlier releases did", () => {
	const few = fc.nat({ max: LEAST_DEVICES - 1 }).chain((all) => fc.nat({ max: all }).map((f) => of(all - f, f)));
	fc.assert(fc.property(few, fc.array(anyCount), amount, (count, earlier, other) => !isFound(count, earlier, other)));
});

it("a further failure, of another device or of one that ran it, never makes a bad release good", () => {
	fc.assert(
		fc.property(anyCount, fc.array(anyCount, { maxLength: 3 }), fc.nat({ max: 1_000 }), (count, earlier, other) => {
			const { running, failed } = count;
			fc.pre(isFound(count, earlier, other));
			expect(isFound(of(running, failed + 1), earlier, other)).toBe(true);
			if (running > 0) expect(isFound(of(running - 1, failed + 1), earlier, other)).toBe(true);
		}),
	);
});

it("what is no suspect is no regression, so whoever holds only suspects misses none", () => {
	fc.assert(
		fc.property(anyCount, fc.array(anyCount), amount, (count, earlier, other) => {
			if (isFound(count, earlier, other)) expect(isSuspect(count, other)).toBe(true);
		}),
	);
});

it("a release that fails as often as usual is hardly ever found, however few its devices", () => {
	for (const devices of [50, 100, 200, 500, 1_000]) {
		let [chance, false_] = [0.99 ** devices, 0];
		for (let failed = 0; failed <= devices; failed++) {
			if (isFound(of(devices - failed, failed))) false_ += chance;
			chance *= ((devices - failed) / (failed + 1)) * (0.01 / 0.99);
		}
		expect(false_, `${devices} devices`).toBeLessThan(0.002);
	}
});

const cell = (version: string | null, devices: number, outcome: string | null = "healthy"): FleetCell => ({
	...{ product: "crs", version, model: "SG-100", country: "DE", outcome, devices },
});
const problem = (version: string, devices: number, outcome = "failed"): FleetProblem => ({
	...{ product: "crs", version, country: "DE", outcome, reason: "disk", devices },
});

it("counts who runs a version, and whose last word is its failure; what was put off is none", () => {
	const cells = [cell("1", 10), cell("1", 4, "rolled_back"), cell("2", 80), cell(null, 7), cell("other", 3, null)];
	const problems = [problem("2", 4, "rolled_back"), problem("2", 5), problem("2", 9, "deferred"), problem("other", 2)];
	expect(countVersions(cells, problems).get("crs")).toEqual({
		versions: [of(14, 0, "1"), of(80, 9, "2")],
		other: 3,
	});
});

test.each([
	[999, "1 of 1000 with the releases before it"],
	[49, "1 of 50 with the releases before it"],
	[48, "too few have one of the releases before it to compare"],
])("says the numbers, where %s devices ran earlier releases", (earlierRunning, earlier) => {
	const words = describeRegression({ running: 90, failed: 10, earlierRunning, earlierFailed: 1, limit: 0.02 });
	expect(words).toBe(`10 of 100 devices failed with it or went back from it, ${earlier}`);
});

test.each([
	["before that each device with another release may run it", 3_599, 3_600, 95],
	["after that it is known which do", 3_600, 3_600, 5],
	["where each success is reported too", 0, 0, 5],
])("where success is told an hour late: %s", (_, secondsOut, untoldSeconds, expected) => {
	const versions = [of(90, 0, "1"), of(20, 10, "2")];
	expect(unknownDevices("2", { versions, other: 5 }, secondsOut, untoldSeconds)).toBe(expected);
});
