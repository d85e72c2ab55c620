// How much room a firewall says that it has: never more than there is, and seldom another number.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ENOUGH_BYTES, roundDown, sayRoom } from "../../../../../cli/firewall/check/room.ts";

const anyBytes = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: ENOUGH_BYTES - 1 }));

describe("what a firewall says of its free disk", () => {
	it.each([
		[0, 0],
		[7, 7],
		[8, 8],
		[15, 14],
		[1_000_000, 917_504],
		[2 ** 30, 2 ** 30],
		[2 ** 30 - 1, 7 * 2 ** 27],
	])("of %i bytes it says %i", (bytes, said) => {
		expect(roundDown(bytes)).toBe(said);
	});

	it("is true, and more than three quarters of it", () => {
		fc.assert(
			fc.property(anyBytes, (bytes) => {
				const said = roundDown(bytes);
				expect(said).toBeLessThanOrEqual(bytes);
				if (bytes > 0) expect(said).toBeGreaterThan(bytes * 0.75);
			}),
		);
	});

	it("is what it said last, as long as that is true and more than half", () => {
		fc.assert(
			fc.property(anyBytes, anyBytes, (bytes, last) => {
				const said = sayRoom(bytes, last);
				expect(said).toBeLessThanOrEqual(bytes);
				if (last <= bytes && bytes < 2 * last) expect(said).toBe(last);
				if (bytes > 1) expect(said).toBeGreaterThan(bytes / 2);
			}),
		);
	});

	it("is nothing where there is plenty", () => {
		expect(sayRoom(ENOUGH_BYTES, null)).toBeNull();
		expect(sayRoom(ENOUGH_BYTES - 1, null)).toBe(7 * 2 ** 31);
	});
});
