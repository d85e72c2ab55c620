// Summaries added up: what is added can be taken away again, in whatever order they come, and no device is lost, however little room there is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_SUMMARY, type FleetCell, type FleetSummary, OTHER } from "../../../src/fleet/fleet-summary.ts";
import { FleetTally } from "../../../src/fleet/fleet-tally.ts";

const HOUR = 3_600;
const name = (letters: string) => fc.constantFrom(...letters.split(""));
const many = fc.integer({ min: 1, max: 1_000 });
const cell: fc.Arbitrary<FleetCell> = fc.record({
	...{ product: name("ab"), version: fc.option(name("vwxyz")), model: name("mn"), country: fc.option(name("kl")) },
	...{ outcome: fc.option(fc.constantFrom("failed", "healthy")), devices: many },
});
const anchors = fc.record({
	tlsRoot: fc.option(fc.record({ sha256: name("de"), name: name("de"), endsAt: many })),
	tufRoot: fc.option(fc.record({ version: fc.integer({ min: 1, max: 3 }), endsAt: many })),
	certificateEndsAt: fc.option(many),
});
const summary: fc.Arbitrary<FleetSummary> = fc.record({
	devices: fc.dictionary(fc.constantFrom("active", "revoked"), many),
	cells: fc.array(cell, { maxLength: 8 }),
	problems: fc.array(
		fc.record({
			...{ product: name("ab"), version: fc.option(name("vw")), country: fc.option(name("kl")) },
			...{ outcome: fc.constant("failed"), reason: fc.constantFrom("disk", "other"), devices: many },
		}),
		{ maxLength: 4 },
	),
	seen: fc.array(fc.record({ hour: fc.integer({ min: 0, max: 99 }).map((hour) => hour * HOUR), devices: many }), {
		maxLength: 5,
	}),
	licenses: fc.array(
		fc.record({ kind: fc.constantFrom("fixed", "elastic"), licenses: many, seats: many, taken: many }),
		{ maxLength: 2 },
	),
	trust: fc.array(fc.record({ anchors: fc.option(anchors), devices: many }), { maxLength: 4 }),
});
const sorted = (one: FleetSummary) => ({
	...one,
	devices: Object.fromEntries(Object.entries(one.devices).filter(([, count]) => count !== 0)),
	cells: one.cells.map((item) => JSON.stringify(item)).toSorted(),
	problems: one.problems.map((item) => JSON.stringify(item)).toSorted(),
	seen: one.seen.toSorted((a, b) => a.hour - b.hour),
	licenses: one.licenses.toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
	trust: one.trust.map((item) => JSON.stringify(item)).toSorted(),
});

const tallyOf = (...summaries: FleetSummary[]) => {
	const tally = new FleetTally();
	for (const one of summaries) tally.add(one, 1);
	return tally;
};
const byProduct = (items: readonly { product: string; devices: number }[]) => {
	const sums = Map.groupBy(items, ({ product }) => product);
	return Object.fromEntries(
		Array.from(sums, ([product, own]): [string, number] => [
			product,
			own.reduce((sum, { devices }) => sum + devices, 0),
		])
			.filter(([, devices]) => devices !== 0)
			.toSorted(),
	);
};

describe("summaries", () => {
	it("of two accounts together, less the one, are those of the other", () => {
		fc.assert(
			fc.property(summary, summary, (one, other) => {
				const tally = tallyOf(other, one);
				tally.add(one, -1);
				expect(sorted(tally.summary())).toEqual(sorted(tallyOf(other).summary()));
			}),
		);
	});

	it("are the same in whatever order they come", () => {
		fc.assert(
			fc.property(summary, summary, (one, other) => {
				expect(sorted(tallyOf(one, other).summary())).toEqual(sorted(tallyOf(other, one).summary()));
			}),
		);
	});

	it("have as many devices of each product as were added, whatever finds room", () => {
		const accounts = fc.array(fc.record({ first: summary, second: summary, stays: fc.boolean() }), { maxLength: 6 });
		fc.assert(
			fc.property(accounts, fc.integer({ min: 1, max: 4 }), (all, maxKinds) => {
				const tally = new FleetTally({ maxKinds });
				for (const { first } of all) tally.add(first, 1);
				for (const { first, second } of all) {
					tally.add(first, -1);
					tally.add(second, 1);
				}
				for (const { second, stays } of all) if (!stays) tally.add(second, -1);
				const left = all.filter(({ stays }) => stays).flatMap(({ second }) => second.cells);
				expect(byProduct(tally.cells())).toEqual(byProduct(left));
				expect(tally.cells().every(({ devices }) => devices > 0)).toBe(true);
				expect(tally.cells().length).toBeLessThanOrEqual(maxKinds + 2);
			}),
		);
	});
});

it("counts as other what finds no room, and makes room again", () => {
	const of = (version: string, devices: number): FleetSummary => ({
		...EMPTY_SUMMARY,
		cells: [{ product: "crs", version, model: "m", country: "DE", outcome: null, devices }],
	});
	const tally = new FleetTally({ maxKinds: 1 });
	tally.add(of("1", 3), 1);
	tally.add(of("2", 2), 1);
	expect(tally.cells().map(({ version, devices }) => [version, devices])).toEqual([
		["1", 3],
		[OTHER, 2],
	]);
	tally.add(of("2", 2), -1);
	tally.add(of("1", 3), -1);
	expect(tally.cells()).toEqual([]);
	tally.add(of("2", 2), 1);
	expect(tally.cells()).toMatchObject([{ version: "2", devices: 2 }]);
});
