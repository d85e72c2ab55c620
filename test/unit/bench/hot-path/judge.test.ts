// What the turns of a run come to: ratios to the right base, goals, and who is ahead of whom.
import { describe, expect, it } from "vitest";
import { judgeDuels, judgeRows } from "../../../../bench/hot-path/judge.ts";
import type { RowName } from "../../../../bench/hot-path/rows.ts";
import type { Turn } from "../../../../bench/statistics.ts";

function turnsOf(turns: Partial<Record<RowName, readonly (readonly [rate: number, cpu: number])[]>>) {
	const toTurn = ([requestsPerSecond, cpuMicroseconds]: readonly [number, number]): Turn => ({
		...{ requestsPerSecond, cpuMicroseconds, p50: 1, p99: 2, others: 0, generatorBusy: 0.1 },
	});
	return new Map(Object.entries(turns).map(([name, of]) => [name as RowName, of.map(toTurn)]));
}

describe("rows", () => {
	it("stand in the order of a round, each beside its base", () => {
		const rows = judgeRows(
			turnsOf({
				growth: [[950, 1]],
				"few-devices": [[1000, 1]],
				download: [[40, 1]],
				stream: [[100, 1]],
				bare: [[9, 1]],
			}),
		);
		expect(rows.map(({ name, against, ratios }) => [name, against, ratios?.median])).toEqual([
			["bare", null, undefined],
			["stream", null, undefined],
			["download", "stream", 0.4],
			["few-devices", null, undefined],
			["growth", "few-devices", 0.95],
		]);
	});

	it.each<[string, readonly [number, number], object]>([
		["is met when each way reaches it", [800, 125], { outcome: "met", reachedBy: ["median", "best", "cpu"] }],
		["is missed when none does", [799, 126], { outcome: "missed", reachedBy: [] }],
		["is undecided when they disagree", [800, 126], { outcome: "undecided", reachedBy: ["median", "best"] }],
	])("a goal %s", (_, check, verdict) => {
		const rows = judgeRows(turnsOf({ bare: [[1000, 100]], check: [check] }));
		expect(rows.find(({ name }) => name === "check")?.verdict).toEqual({ goal: 0.8, ...verdict });
	});

	it("of a run that was stopped before their base had a turn have no ratio and no verdict", () => {
		expect(judgeRows(turnsOf({ check: [[800, 1]] }))).toMatchObject([{ name: "check", ratios: null, verdict: null }]);
	});

	it("are none before the first turn", () => {
		expect(judgeRows(turnsOf({}))).toEqual([]);
	});
});

describe("the peer", () => {
	it.each([
		["parapet", [300, 50], [200, 60], "met"],
		["nginx", [200, 60], [300, 50], "missed"],
		[null, [300, 60], [200, 50], "undecided"],
	] as const)("who is ahead: %s", (ahead, ours, theirs, outcome) => {
		const duels = judgeDuels(turnsOf({ permit: [ours], "nginx-permit": [theirs] }));
		expect(duels).toMatchObject([{ title: "permit", ahead, verdict: { goal: 1, outcome } }]);
	});

	it("is also named as ahead where no goal is set", () => {
		const duels = judgeDuels(turnsOf({ bare: [[1, 2]], nginx: [[2, 1]] }));
		expect(duels).toMatchObject([{ ahead: "nginx", verdict: null, ratios: { median: 0.5, cpu: 0.5 } }]);
	});

	it("stands beside a row only when both were measured", () => {
		expect(judgeDuels(turnsOf({ check: [[1, 1]], "nginx-permit": [[1, 1]] }))).toEqual([]);
	});
});
