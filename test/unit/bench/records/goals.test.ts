// The goals that `npm run bench:records` shows: each is missed by its own figure, and by no other.
import { describe, expect, it } from "vitest";
import { type Judged, judgeRecords } from "../../../../bench/records/goals.ts";

const SLOW = {
	stores: "redis,kv",
	lifetimes: "zero",
	requests: 1_000,
	firstP50: 5,
	firstMax: 100,
	p50: 5,
	max: 200,
} as const;

const SIMULATION: Judged["simulation"] = {
	schedules: 10_000,
	requests: 1_000_000,
	allows: 900_000,
	deleted: 0,
	wrongAllows: 0,
	lostRecords: 0,
	regressedRecords: 0,
	wrongRefusals: 0,
	headsToNowhere: 0,
	unavailable: 5,
	publishToOffered: { kv: null, redis: null },
	findings: [],
};

const ALL_MET: Judged = {
	simulation: SIMULATION,
	storeReads: { check: 0.001, token: 1, permit: 1.001 },
	amplification: [{ title: "all", withoutBreakers: 1.1, deployed: 0.01 }],
	slowStores: [
		{ ...SLOW, slow: "redis", p99: 250 },
		// For comparison: what is slow here is this machine.
		{ ...SLOW, slow: "neither", p99: 900, firstMax: 900 },
	],
};

describe("goals of the records", () => {
	it("are met at their limits", () => {
		const goals = judgeRecords(ALL_MET);
		expect(goals.filter(({ goal }) => goal !== null).every(({ met }) => met === true)).toBe(true);
		expect(goals.filter(({ goal }) => goal === null).every(({ met }) => met === null)).toBe(true);
	});

	it.each<[string, Partial<Judged>]>([
		["store reads per check", { storeReads: { check: 0.1, token: 1, permit: 1 } }],
		["store reads per token", { storeReads: { check: 0, token: 1.1, permit: 1 } }],
		["store reads per permit, the device's first", { storeReads: { check: 0, token: 1, permit: 2 } }],
		[
			"calls per read while every store fails",
			{ amplification: [...ALL_MET.amplification, { title: "one", withoutBreakers: 1.11, deployed: 0 }] },
		],
		[
			"p99 of a check while a store takes 2 s",
			{ slowStores: [...ALL_MET.slowStores, { ...SLOW, slow: "kv", p99: 251 }] },
		],
		["wrong allows in 10,000 fault schedules", { simulation: { ...SIMULATION, wrongAllows: 1 } }],
		["lost or regressed records in them", { simulation: { ...SIMULATION, lostRecords: 1 } }],
		["lost or regressed records in them", { simulation: { ...SIMULATION, regressedRecords: 1 } }],
	])("%s", (title, change) => {
		const missed = judgeRecords({ ...ALL_MET, ...change }).filter(({ met }) => met === false);
		expect(missed.map((goal) => goal.title)).toEqual([title]);
	});
});
