// Which refusals of a seat the trail tells: twenty an hour at most, and the same one once.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	isRefusalTold,
	REFUSALS_KEPT_SECONDS,
	refusalsCountFrom,
} from "../../../../src/entitlement/seats/seat-refusal.ts";

const NOW = 1_800_000_000;
const HOUR = 3_600;

describe("a refusal", () => {
	it.each([
		["the first of a device", null, 0, true],
		["the same a second later", NOW - 1, 1, false],
		["the same a second before the hour is over", NOW - HOUR + 1, 1, false],
		["the same when the hour is over", NOW - HOUR, 0, true],
		["the 20th of the hour", null, 19, true],
		["the 21st of the hour", null, 20, false],
	])("%s", (_, lastToldAt, toldLately, expected) => {
		expect(isRefusalTold({ lastToldAt, toldLately, now: NOW })).toBe(expected);
	});

	it("is told 20 times within any hour at most, and once of the same one, and what is kept has a bound", () => {
		const attempts = fc.array(
			fc.record({ who: fc.integer({ min: 1, max: 60 }), after: fc.integer({ min: 0, max: 600 }) }),
			{ minLength: 100, maxLength: 600 },
		);
		fc.assert(
			fc.property(attempts, (all) => {
				const kept = new Map<number, number>();
				const told: { who: number; at: number }[] = [];
				let now = NOW;
				for (const { who, after } of all) {
					now += after;
					const toldLately = [...kept.values()].filter((at) => at > refusalsCountFrom(now)).length;
					if (!isRefusalTold({ lastToldAt: kept.get(who) ?? null, toldLately, now })) continue;
					kept.set(who, now);
					for (const [one, at] of kept) if (at <= now - REFUSALS_KEPT_SECONDS) kept.delete(one);
					told.push({ who, at: now });
				}
				expect(kept.size).toBeLessThanOrEqual(480);
				for (const { at } of told) {
					const hour = told.filter((one) => one.at > at - HOUR && one.at <= at);
					expect(hour.length).toBeLessThanOrEqual(20);
					expect(new Set(hour.map(({ who }) => who)).size).toBe(hour.length);
				}
			}),
			{ numRuns: 50 },
		);
	});
});
