// How many seats were taken on each day at most, also on days on which nothing changed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DayOfSeats, dayOf, peaksOf, startOf } from "../../../../src/entitlement/seats/seat-peaks.ts";

describe("the peaks of a license", () => {
	it("are of today alone where nothing was ever written down", () => {
		expect(peaksOf({ written: [], taken: 3, today: 100, days: 30 })).toEqual([{ day: 100, taken: 3 }]);
	});

	it("begin with the first day that is known, or with the first that is wanted", () => {
		const written = [{ day: 90, start: 0, peak: 4 }];
		expect(peaksOf({ written, taken: 2, today: 100, days: 400 })).toHaveLength(11);
		expect(peaksOf({ written, taken: 2, today: 100, days: 2 })).toEqual([
			{ day: 99, taken: 2 },
			{ day: 100, taken: 2 },
		]);
	});

	it.each([
		[0, 0],
		[86_399, 0],
		[86_400, 1],
	])("change the day at midnight UTC: second %i is on day %i", (now, day) => {
		expect(dayOf(now)).toBe(day);
		expect(startOf(day)).toBeLessThanOrEqual(now);
	});

	it("are the most that was taken on each day, also on days on which nothing changed", () => {
		const days = fc.array(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 4 }), { minLength: 1, maxLength: 30 });
		fc.assert(
			fc.property(days, (changesOfDays) => {
				const written: DayOfSeats[] = [];
				const expected: { day: number; taken: number }[] = [];
				let taken = 0;
				for (const [day, changes] of changesOfDays.entries()) {
					const start = taken;
					let peak = start;
					for (const change of changes) {
						taken = Math.max(0, taken + change);
						peak = Math.max(peak, taken);
					}
					if (changes.length > 0) written.push({ day, start, peak });
					if (written.length > 0 || day === changesOfDays.length - 1) expected.push({ day, taken: peak });
				}
				expect(peaksOf({ written, taken, today: changesOfDays.length - 1, days: 400 })).toEqual(expected);
			}),
		);
	});
});
