// When an account is told that a license ends: each notice once, in order, never late, and for which of its products.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	dueExpiryNotice,
	endsOf,
	NOTICE_DAYS,
	nextExpiryNotice,
} from "../../../../src/entitlement/licenses/expiry-notice.ts";

const DAY = 86_400;
const END = 1_900_000_000;
const daysBefore = (days: number, seconds = 0) => END - days * DAY + seconds;

describe("the next notice of an end", () => {
	it.each([
		["a year before", daysBefore(365), 90],
		["a second before the first", daysBefore(90, -1), 90],
		["on the second of the first", daysBefore(90), 60],
		["20 days before: none that is late", daysBefore(20), 14],
		["a second before the last day", daysBefore(1, -1), 1],
		["on the second of the last day", daysBefore(1), 0],
		["a second before the end", END - 1, 0],
		["on the second of the end", END, null],
		["long after", END + DAY, null],
	])("%s", (_, after, daysLeft) => {
		expect(nextExpiryNotice(END, after)).toEqual(daysLeft === null ? null : { daysLeft, at: daysBefore(daysLeft) });
	});
});

describe("the notice to give", () => {
	it.each([
		["a second early: none", daysBefore(30), daysBefore(30, -1), null],
		["in time", daysBefore(30), daysBefore(30), 30],
		["late, and nothing else has come meanwhile", daysBefore(30), daysBefore(14, -1), 30],
		["when the one after it has come too: that one alone", daysBefore(30), daysBefore(14), 14],
		["when all have come and the end has not", daysBefore(90), END - 1, 1],
		["when the end has come", daysBefore(90), END, 0],
		["a year later", END, END + 365 * DAY, 0],
	])("%s", (_, dueAt, now, daysLeft) => {
		expect(dueExpiryNotice(END, dueAt, now)?.daysLeft ?? null).toBe(daysLeft);
	});
});

/** What an account tells that looks at these times, from a license that was made at `made`. */
function told(made: number, looks: readonly number[]): { at: number; daysLeft: number }[] {
	const notices: { at: number; daysLeft: number }[] = [];
	let next = nextExpiryNotice(END, made);
	for (const now of looks) {
		if (next === null || next.at > now) continue;
		const notice = dueExpiryNotice(END, next.at, now);
		if (notice !== null) notices.push({ at: now, daysLeft: notice.daysLeft });
		next = nextExpiryNotice(END, now);
	}
	return notices;
}

describe("whenever an account looks", () => {
	const time = fc.integer({ min: daysBefore(120), max: daysBefore(-10) });
	const looks = fc.array(time, { maxLength: 40 }).map((times) => times.toSorted((a, b) => a - b));

	it("no notice comes twice, out of order, early, late or of an end that has come", () => {
		fc.assert(
			fc.property(time, looks, (made, times) => {
				const notices = told(
					made,
					times.filter((at) => at >= made),
				);
				const days = notices.map(({ daysLeft }) => daysLeft);
				expect(days).toEqual([...new Set(days)].toSorted((a, b) => b - a));
				for (const { at, daysLeft } of notices) {
					expect(at).toBeGreaterThanOrEqual(daysBefore(daysLeft));
					expect(daysBefore(daysLeft)).toBeGreaterThan(made);
					const later = NOTICE_DAYS.find((one) => one < daysLeft);
					if (later !== undefined) expect(at).toBeLessThan(daysBefore(later));
				}
			}),
		);
	});

	it("each notice after the license was made comes, when it looks at least once before the next one", () => {
		const delays = fc.tuple(...NOTICE_DAYS.map(() => fc.integer({ min: 0, max: DAY - 1 })));
		fc.assert(
			fc.property(time, delays, looks, (made, late, more) => {
				const inTime = NOTICE_DAYS.map((days, index) => daysBefore(days, late[index]));
				const times = [...inTime, ...more].filter((at) => at >= made).toSorted((a, b) => a - b);
				const expected = NOTICE_DAYS.filter((days) => daysBefore(days) > made);
				expect(told(made, times).map(({ daysLeft }) => daysLeft)).toEqual(expected);
			}),
		);
	});
});

describe("the ends of a license", () => {
	it("are those of its products, each with the products that end then", () => {
		const products = [{ product: "crs" }, { product: "threats", endsAt: 20 }, { product: "geo" }];
		expect(endsOf({ endsAt: 10, products })).toEqual(
			new Map([
				[10, ["crs", "geo"]],
				[20, ["threats"]],
			]),
		);
	});

	it("are not its own when every product has another", () => {
		expect([...endsOf({ endsAt: 10, products: [{ product: "crs", endsAt: 20 }] }).keys()]).toEqual([20]);
	});
});
