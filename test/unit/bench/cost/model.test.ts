// How often things happen in a fleet, and what a month of them costs, from assumptions that can be followed by hand.
import { describe, expect, it } from "vitest";
import { type Assumptions, costOf, operationsPerDay } from "../../../../bench/cost/model.ts";
import { METERED, OPERATIONS, shareOf, type Use, type Uses } from "../../../../bench/cost/use.ts";

const DAY = 86_400;
const NOTHING = Object.fromEntries(METERED.map((name) => [name, 0])) as Use;
const usesOf = (use: Partial<Use>): Uses =>
	Object.fromEntries(OPERATIONS.map((name) => [name, { ...NOTHING, ...use }])) as Uses;
const FLEET: Assumptions = {
	...{ devices: 1_000_000, products: 4, productsPerDevice: 2, publishesPerDay: 8, pulses: 1 },
	...{ untilSeconds: DAY / 4, checkIntervalSeconds: 600, tokenSeconds: DAY / 4, locations: 0, headsSeconds: 5 },
	...{
		checksPerUpdate: 1,
		permitsPerUpdate: 1,
		reportsPerUpdate: 1,
		stateRowsPerUpdate: 0,
		downloadsByWorker: 1,
		toldDay: null,
	},
	...{ logSampleRate: 0, cpuMs: 0, cacheHits: 1, objectGbSeconds: 0 },
};

describe("a fleet's day", () => {
	it("has a check for each `until` where pulses are read and nothing is news", () => {
		expect(operationsPerDay({ ...FLEET, publishesPerDay: 0 })).toMatchObject({ check: 4e6, token: 4e6, permit: 0 });
	});

	it("has the checks, permits, downloads and reports of each update, and an `until` only where news leave time for it", () => {
		const { check, ...others } = operationsPerDay({ ...FLEET, checksPerUpdate: 2, reportsPerUpdate: 2 });
		// Four pieces of news a day, six hours apart on average: a little more than two of these gaps last longer than six hours.
		expect(check / 1e6).toBeCloseTo(2 * 4 + 4 / (Math.E - 1));
		expect(others).toEqual({ unchanged: 0, token: 4e6, permit: 4e6, download: 4e6, report: 8e6, publish: 8 });
		expect(operationsPerDay({ ...FLEET, publishesPerDay: 200 }).check / 1e6).toBeCloseTo(100);
	});

	it("has a check each interval where they are not, of which those at news are answered in full", () => {
		expect(operationsPerDay({ ...FLEET, pulses: 0 })).toMatchObject({ check: 4e6, unchanged: 140e6 });
	});
});

describe("a fleet's month", () => {
	it("costs what its requests cost where they take nothing else", () => {
		const cost = costOf(FLEET, usesOf({}));
		expect(cost.requestsPerDeviceAndDay).toBeCloseTo(20 + 4 / (Math.E - 1));
		expect(cost.total).toBeCloseTo(cost.requestsPerDeviceAndDay * 30 * 0.3);
	});

	it("is said by what devices do, and without what has a price but is not charged", () => {
		const cost = costOf(FLEET, usesOf({ points: 1 }));
		expect(cost.byOperation.permit).toBeCloseTo(4 * 30 * (0.3 + 0.25));
		const sum = Object.values(cost.byOperation).reduce((all, one) => all + one, 0);
		expect(sum).toBeCloseTo(cost.total, 2);
		expect(cost.charged).toBeCloseTo(cost.requestsPerDeviceAndDay * 30 * 0.3, 2);
	});

	it("adds what each operation takes, at its price", () => {
		const cost = costOf(FLEET, { ...usesOf({}), token: { ...NOTHING, kvReads: 2 } });
		const line = cost.lines.find(({ what }) => what === "KV reads of requests");
		expect(line).toMatchObject({ amount: 240e6, cost: 120 });
	});

	it("adds the rows that accounts write of their devices' states", () => {
		const [cost, without] = [costOf({ ...FLEET, stateRowsPerUpdate: 2 }, usesOf({})), costOf(FLEET, usesOf({}))];
		expect(cost.total - without.total).toBeCloseTo(4 * 2 * 30);
	});

	it("takes checks, calls and rows as they were counted where checks tell what is installed", () => {
		const toldDay = { rowsWritten: 4, checks: 10, told: 2 };
		const told = { ...FLEET, stateRowsPerUpdate: 7, toldDay };
		const { perDay, lines } = costOf(told, { ...usesOf({}), check: { ...NOTHING, objectCalls: 1 } });
		const amountOf = (what: string) => lines.find((line) => line.what === what)?.amount;
		expect(perDay.check).toBe(10e6);
		expect(amountOf("calls of objects")).toBeCloseTo(2e6 * 30);
		expect(amountOf("rows written of devices' states")).toBe(4e6 * 30);
	});

	it("adds what locations read though no device asks", () => {
		const cost = costOf({ ...FLEET, devices: 0, locations: 100 }, usesOf({}));
		expect(cost.total).toBeCloseTo(((100 / 5) * DAY * 30 * 0.5) / 1e6);
	});
});

it("divides what was counted among those who did it", () => {
	expect(shareOf({ ...NOTHING, kvReads: 41 }, 40)).toEqual({ ...NOTHING, kvReads: 1.025 });
});
