// How the rounds of a benchmark become one figure, and how two figures are compared.
import { describe, expect, it } from "vitest";
import { compare, median, reach, summarise, type Turn } from "../../../bench/statistics.ts";

function turn(requestsPerSecond: number, change: Partial<Turn> = {}): Turn {
	return { requestsPerSecond, p50: 1, p99: 2, cpuMicroseconds: 100, others: 0, generatorBusy: 0.5, ...change };
}

describe("the median", () => {
	it.each([
		["the one value", [3], 3],
		["the middle one, whatever the order", [9, 1, 5], 5],
		["between the two in the middle", [8, 1, 2, 4], 3],
	])("is %s", (_, values, expected) => {
		const before = [...values];
		expect(median(values)).toBe(expected);
		expect(values).toEqual(before);
	});

	it("of nothing is no number", () => {
		expect(median([])).toBeNaN();
	});
});

describe("the summary of a scenario", () => {
	it("has medians, the best round, and the worst of what must be low", () => {
		const turns = [
			turn(100, { p50: 1, p99: 9, cpuMicroseconds: 30, others: 0.01, generatorBusy: 0.2 }),
			turn(300, { p50: 3, p99: 7, cpuMicroseconds: 10, others: 0, generatorBusy: 0.9 }),
			turn(200, { p50: 2, p99: 8, cpuMicroseconds: 20, others: 0, generatorBusy: 0.4 }),
		];
		expect(summarise(turns)).toEqual({
			...{ rates: [100, 300, 200], requestsPerSecond: 200, bestRequestsPerSecond: 300, p50: 2, p99: 8 },
			...{ cpuMicroseconds: 20, others: 0.01, generatorBusy: 0.9 },
		});
	});

	it("is none before the first turn", () => {
		expect(summarise([])).toBeNull();
	});

	it("knows no processor time where the system does not tell it", () => {
		expect(summarise([turn(1, { cpuMicroseconds: null })])?.cpuMicroseconds).toBeNull();
	});

	it("leaves out a turn whose processor time could not be read", () => {
		const turns = [turn(1, { cpuMicroseconds: null }), turn(1, { cpuMicroseconds: 7 })];
		expect(summarise(turns)?.cpuMicroseconds).toBe(7);
	});
});

describe("two scenarios side by side", () => {
	/** A neighbour takes the machine for one round of three, and not the same one. */
	const base = summarise([turn(1000), turn(100), turn(900)]);
	const measured = summarise([turn(50), turn(450), turn(400)].map((one) => ({ ...one, cpuMicroseconds: 250 })));
	if (base === null || measured === null) throw new Error("there were turns");

	it("are compared by medians, by their best rounds and by processor time per request", () => {
		const ratios = compare(measured, base);
		expect(ratios.median).toBeCloseTo(400 / 900, 9);
		expect(ratios.best).toBeCloseTo(450 / 1000, 9);
		expect(ratios.cpu).toBeCloseTo(100 / 250, 9);
	});

	it.each([
		["measured", { ...measured, cpuMicroseconds: null }, base],
		["base", measured, { ...base, cpuMicroseconds: null }],
	])("have no ratio of processor times when that of the %s is unknown", (_, one, other) => {
		expect(compare(one, other).cpu).toBeNull();
	});
});

describe("a goal", () => {
	it("is reached at its limit, in each way for itself", () => {
		expect(reach({ median: 0.5, best: 0.499, cpu: 0.6 }, 0.5)).toEqual({ reached: ["median", "cpu"], short: ["best"] });
	});

	it("says nothing of a way that is unknown", () => {
		expect(reach({ median: 0.4, best: 0.6, cpu: null }, 0.5)).toEqual({ reached: ["best"], short: ["median"] });
	});
});
