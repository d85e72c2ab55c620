// How long a firewall waits after a failure: longer with each, never longer than its interval unless it is asked to, and never all
// of a fleet for the same time.
import fc from "fast-check";
import { expect, it } from "vitest";
import { pauseAfter } from "../../../../../cli/firewall/check/retry.ts";

const anyPlace = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it.each([
	[1, 600, 30, 60],
	[2, 600, 60, 120],
	[4, 600, 240, 480],
	[5, 600, 270, 540],
	[1_000_000, 600, 270, 540],
	[3, 10, 30, 60],
])(
	"after failure %d at an interval of %d s it waits between %d and %d s, at whatever place",
	(count, interval, least, most) => {
		fc.assert(
			fc.property(anyPlace, (place) => {
				const seconds = pauseAfter({ count, interval, place });
				expect(Number.isInteger(seconds)).toBe(true);
				expect(seconds).toBeGreaterThanOrEqual(least);
				expect(seconds).toBeLessThanOrEqual(most);
			}),
		);
	},
);

it.each([
	[1, 5, 5, 5],
	[1, 90, 90, 90],
	[1, 400 * 86_400, 3_600, 3_600],
	[2, 5, 60, 120],
	[9, 90, 270, 540],
	[9, 3_600, 3_600, 3_600],
])("after failure %d, asked for %d s, it waits between %d and %d s", (count, retryAfterSeconds, least, most) => {
	fc.assert(
		fc.property(anyPlace, (place) => {
			const seconds = pauseAfter({ count, interval: 600, place, retryAfterSeconds });
			expect(seconds).toBeGreaterThanOrEqual(least);
			expect(seconds).toBeLessThanOrEqual(most);
		}),
	);
});

it("has a fleet come back evenly over the second half of the pause, at each failure in another order", () => {
	const fleet = Array.from({ length: 10_000 }, (_, index) => index / 10_000);
	const pausesOf = (count: number) => fleet.map((place) => pauseAfter({ count, interval: 600, place }));
	for (const count of [5, 6, 7]) {
		const seconds = Object.values(Object.groupBy(pausesOf(count), String)).map((together) => together?.length ?? 0);
		expect(seconds).toHaveLength(271);
		expect(Math.max(...seconds)).toBeLessThan(45);
	}
	expect(pausesOf(5)[0]).not.toBe(pausesOf(6)[0]);
});
