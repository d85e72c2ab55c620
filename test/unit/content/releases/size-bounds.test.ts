// By how much a release may differ in size from the current one before a person has to say that it is meant.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findOutOfBounds, sizeBounds, USUAL_SIZE_BOUNDS } from "../../../../src/content/releases/size-bounds.ts";

const current = { size: 200_000, entries: 1_000 };

describe("a release against the current one", () => {
	it.each([
		["twice as large", 400_000, 1_000, null],
		["a byte more than twice as large", 400_001, 1_000, "size"],
		["half as large", 100_000, 1_000, null],
		["a byte less than half as large", 99_999, 1_000, "size"],
		["with twice the entries", 200_000, 2_000, null],
		["with one entry more than twice as many", 200_000, 2_001, "entries"],
		["without an entry", 200_000, 0, "entries"],
		["that does not say its entries", 200_000, null, null],
		["beyond in both", 500_000, 9_000, "size"],
	] as const)("%s", (_, size, entries, what) => {
		expect(findOutOfBounds(USUAL_SIZE_BOUNDS, current, { size, entries })?.what ?? null).toBe(what);
	});

	it("is not asked about while both are small, is when one of them is not", () => {
		const small = { size: 10, entries: null };
		expect(findOutOfBounds(USUAL_SIZE_BOUNDS, small, { size: 100_000, entries: null })).toBeNull();
		expect(findOutOfBounds(USUAL_SIZE_BOUNDS, small, { size: 100_001, entries: null })?.what).toBe("size");
		expect(findOutOfBounds(USUAL_SIZE_BOUNDS, { size: 100_001, entries: null }, small)?.what).toBe("size");
	});

	it("is not compared where there is none, or where the product has no bounds", () => {
		expect(findOutOfBounds(USUAL_SIZE_BOUNDS, null, current)).toBeNull();
		expect(findOutOfBounds(null, current, { size: 1, entries: 1 })).toBeNull();
	});
});

it("the law: within the bounds nobody is asked, beyond them always, and wider bounds ask about less", () => {
	const size = fc.integer({ min: 1, max: 10_000_000 });
	const bounds = fc.record({
		grow: fc.double({ min: 1.01, max: 100, noNaN: true }),
		shrink: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
		above: fc.integer({ min: 0, max: 1_000_000 }),
	});
	fc.assert(
		fc.property(bounds, size, size, (one, from, to) => {
			expect(sizeBounds.safeParse(one).success).toBe(true);
			const found = findOutOfBounds(one, { size: from, entries: null }, { size: to, entries: null });
			const isLarge = Math.max(from, to) > one.above;
			expect(found !== null).toBe(isLarge && (to > from * one.grow || to < from * one.shrink));
			const wider = { grow: one.grow * 1.5, shrink: one.shrink / 1.5, above: one.above };
			if (findOutOfBounds(wider, { size: from, entries: null }, { size: to, entries: null }) !== null)
				expect(found).toEqual({ what: "size", from, to });
		}),
	);
});
