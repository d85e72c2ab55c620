// What the command line's starts come to, beside an empty Node.
import { expect, it } from "vitest";
import { judgeStarts, type Start } from "../../../../bench/cli/judge.ts";

const start = (title: string, rounds: number[], more: Partial<Start> = {}): Start => ({
	...{ title, rounds, way: "direct", isEmpty: false, goal: null },
	...more,
});

it("compares each start with the empty Node of its own way", () => {
	const judged = judgeStarts([
		start("empty", [30, 20, 25], { isEmpty: true }),
		start("help", [75, 50, 60]),
		start("empty", [60, 80, 70], { isEmpty: true, way: "handed over" }),
		start("help", [140, 120, 160], { way: "handed over" }),
	]);
	expect(judged.map(({ median, best, ratio, bestRatio }) => [median, best, ratio, bestRatio])).toEqual([
		[25, 20, 1, 1],
		[60, 50, 2.4, 2.5],
		[70, 60, 1, 1],
		[140, 120, 2, 2],
	]);
});

it.each([
	{ rounds: [50, 50, 50], met: true, why: "both keep to it" },
	{ rounds: [50, 60, 60], met: true, why: "the best round does: something else slowed the others" },
	{ rounds: [51, 60, 60], met: false, why: "neither does" },
])("a goal of 2.5 is judged $met when $why", ({ rounds, met }) => {
	const [, judged] = judgeStarts([
		start("empty", [20, 20, 20], { isEmpty: true }),
		start("help", rounds, { goal: 2.5 }),
	]);
	expect(judged?.met).toBe(met);
});

it("is an error when nothing tells what an empty Node takes", () => {
	expect(() => judgeStarts([start("help", [1])])).toThrow("no empty Node was started (direct)");
});
