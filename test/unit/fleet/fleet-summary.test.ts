// Numbers of a fleet: what is rare becomes "other", and no device is lost on the way.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	countBy,
	EMPTY_SUMMARY,
	type FleetCell,
	foldCells,
	foldProblems,
	foldSeen,
	OTHER,
	silentSince,
} from "../../../src/fleet/fleet-summary.ts";

const HOUR = 3_600;
const NOW = 1_790_000_000;
const name = (letters: string) => fc.constantFrom(...letters.split(""));
const many = fc.integer({ min: 1, max: 1_000 });
const cell: fc.Arbitrary<FleetCell> = fc.record({
	...{ product: name("ab"), version: fc.option(name("vwxyz")), model: name("mn"), country: fc.option(name("kl")) },
	...{ outcome: fc.option(fc.constantFrom("failed", "healthy")), devices: many },
});
const devicesIn = (items: readonly { devices: number }[]) => items.reduce((sum, { devices }) => sum + devices, 0);

describe("what is rare", () => {
	it("is counted as other, of its product, and no device is lost", () => {
		fc.assert(
			fc.property(fc.array(cell, { maxLength: 40 }), fc.integer({ min: 1, max: 10 }), (cells, max) => {
				const folded = foldCells(cells, max);
				expect(folded.length).toBeLessThanOrEqual(2 * max + 2);
				expect(devicesIn(folded)).toBe(devicesIn(cells));
			}),
		);
	});

	it("is what fewest devices have", () => {
		const of = (version: string, devices: number): FleetCell => ({
			...{ product: "crs", version, model: "m", country: "DE", outcome: null, devices },
		});
		const folded = foldCells([of("1", 5), of("2", 900), of("3", 7)], 1);
		expect(countBy(folded, "version")).toEqual([
			{ value: "2", devices: 900 },
			{ value: "3", devices: 7 },
			{ value: OTHER, devices: 5 },
		]);
		// By version first of all: whatever else they are.
		expect(folded[1]).toMatchObject({ model: OTHER, country: OTHER });
		const problems = ["a", "b", "c"].map((reason, at) => ({
			...{ product: "crs", version: reason, country: null, outcome: "failed", reason, devices: 3 - at },
		}));
		expect(foldProblems(problems, 2)).toHaveLength(3);
		expect(foldProblems(problems, 2)[2]).toMatchObject({ version: OTHER, reason: OTHER, devices: 1 });
	});
});

describe("when devices were last heard of", () => {
	it("is counted by the hour for a week, by the day for 90 days, and together before that", () => {
		const seen = [0, 100, 89 * 24, 90 * 24 + 40, 200 * 24].map((hoursAgo) => ({
			...{ hour: NOW - (NOW % HOUR) - hoursAgo * HOUR, devices: 1 },
		}));
		const folded = foldSeen([...seen, { hour: 0, devices: 2 }], NOW);
		expect(folded.map(({ devices }) => devices)).toEqual([2, 2, 1, 1, 1]);
		expect(folded[0]).toEqual({ hour: 0, devices: 2 });
	});

	it.each([
		[0, 5],
		[1, 4],
		[2, 4],
		[25, 1],
	])("%i hours ago or earlier: %i devices are silent", (hours, silent) => {
		const at = (hoursAgo: number, devices: number) => ({ hour: NOW - (NOW % HOUR) - hoursAgo * HOUR, devices });
		const fleet = { ...EMPTY_SUMMARY, seen: [at(1, 1), at(3, 3), { hour: 0, devices: 1 }] };
		expect(silentSince(fleet, NOW - hours * HOUR)).toBe(silent);
	});
});
