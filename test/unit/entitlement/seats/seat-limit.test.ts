// When it is news that a license is full, and that nothing is told twice while the number of seats goes up and down.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideLimit, roomAgainAt } from "../../../../src/entitlement/seats/seat-limit.ts";

describe("a license", () => {
	it.each([
		[1, 0],
		[2, 1],
		[10, 9],
		[11, 9],
		[100, 90],
		[1_000_000, 900_000],
	])("of %i seats that was full has room again when %i are taken", (seats, taken) => {
		expect(roomAgainAt(seats)).toBe(taken);
	});

	it.each([
		["the last seat is taken", { wasFull: false, before: 9, after: 10, seats: 10 }, true, true],
		["one is left", { wasFull: false, before: 8, after: 9, seats: 10 }, false, false],
		["one more is taken beyond", { wasFull: true, before: 10, after: 11, seats: 10 }, true, false],
		["too few were free meanwhile", { wasFull: true, before: 91, after: 100, seats: 100 }, true, false],
		["too few were free, and not all are taken", { wasFull: true, before: 91, after: 92, seats: 100 }, true, false],
		["enough were free meanwhile", { wasFull: true, before: 99 - 9, after: 100, seats: 100 }, true, true],
		["enough were free, and some are", { wasFull: true, before: 90, after: 91, seats: 100 }, false, false],
		["it has fewer seats, all of them taken", { wasFull: false, before: 7, after: 7, seats: 7 }, true, true],
		["it has fewer seats than are taken", { wasFull: false, before: 7, after: 7, seats: 5 }, true, true],
		["it was full, and has fewer still", { wasFull: true, before: 7, after: 7, seats: 5 }, true, false],
		["it has many more seats", { wasFull: true, before: 10, after: 10, seats: 20 }, false, false],
	])("%s", (_, facts, isFull, reached) => {
		expect(decideLimit(facts)).toEqual({ isFull, reached });
	});

	it("is news once between two times at which a tenth was free, however it breathes", () => {
		const walk = fc.array(fc.integer({ min: -30, max: 30 }), { maxLength: 200 });
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 50 }), walk, (seats, steps) => {
				let taken = 0;
				let state = false;
				let hadRoom = true;
				for (const step of steps) {
					const before = taken;
					taken = Math.max(0, taken + step);
					hadRoom ||= before <= roomAgainAt(seats);
					// Asked when seats are taken, and not when they are freed.
					if (taken <= before) continue;
					const { isFull, reached } = decideLimit({ wasFull: state, before, after: taken, seats });
					expect(reached).toBe(hadRoom && taken >= seats);
					if (reached) hadRoom = false;
					state = isFull;
				}
			}),
		);
	});
});
