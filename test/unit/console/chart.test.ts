// Numbers that change at times of their own, as lines over common times.
import { expect, test } from "vitest";
import { linesOf } from "../../../src/console/chart.tsx";

test("each number stands until the next one of its line, and before the first nothing is known", () => {
	const steps = new Map([
		["1.0.0", [step(10, 5), step(30, 2)]],
		["2.0.0", [step(20, 3)]],
	]);
	expect(linesOf(steps, 40)).toEqual({
		times: [10, 20, 30, 40],
		lines: [
			{ name: "1.0.0", values: [5, 5, 2, 2] },
			{ name: "2.0.0", values: [null, 3, 3, 3] },
		],
	});
});

test("however many numbers there are, the last time is among those that are kept, with the number that stood then", () => {
	const many = Array.from({ length: 5_001 }, (_, index) => step(index, index));
	const { times, lines } = linesOf(new Map([["1.0.0", many]]), 6_000);
	expect(times.length).toBeLessThanOrEqual(202);
	expect([times[0], times.at(-1), lines[0]?.values.at(-1)]).toEqual([0, 6_000, 5_000]);
});

function step(at: number, value: number) {
	return { at, value };
}
