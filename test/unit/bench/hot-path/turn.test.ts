// One turn of a scenario, over a load generator that answers at once: what is sent, and what happens when it ends too early.
import { beforeEach, describe, expect, it } from "vitest";
import { type Prepared, type Scenario, startPace, takeTurn } from "../../../../bench/hot-path/turn.ts";
import type { LoadGenerator, LoadPlan, LoadResult } from "../../../../bench/load/load-generator.ts";
import { buildRequests } from "../../../../bench/load/requests.ts";

const REQUESTS = buildRequests(Array.from({ length: 10 }, () => ({ method: "GET", target: "/" })));
const RESULT: LoadResult = {
	...{ requests: 100, seconds: 0.5, others: 0, p50: 1, p99: 2, max: 3, bytes: 0, busy: 0.1, answers: [] },
};

let now: number;
let plans: LoadPlan[];
let answer: (plan: LoadPlan) => LoadResult;
let prepared: Prepared;
let counts: number[];

beforeEach(() => {
	now = 1_000_000;
	plans = [];
	counts = [];
	answer = () => RESULT;
	prepared = { requests: REQUESTS, isForOneUse: false, warmUp: null, endsAt: now + 300 };
});

const load: LoadGenerator = {
	async run(plan) {
		plans.push(plan);
		return answer(plan);
	},
	async stop() {},
};

const scenario: Scenario = {
	...{ name: "permit", port: 8080, pids: [], statuses: [201], warmUpRequests: 10 },
	async prepare(count) {
		counts.push(count);
		return prepared;
	},
};

const take = (pace = startPace()) => takeTurn(load, scenario, pace, { seconds: 0.5, now: () => now });

describe("a turn", () => {
	it("warms up with a bounded number of requests, then sends for as long as it is told", async () => {
		expect(await take()).toMatchObject({ requestsPerSecond: 200, p50: 1, p99: 2, cpuMicroseconds: null });
		expect(plans).toMatchObject([{ limit: 10 }, { seconds: 0.5 }]);
		expect(plans[1]).not.toHaveProperty("limit");
	});

	it("goes on where the one before it ended, so that a large fleet is asked from end to end", async () => {
		const pace = startPace();
		await take(pace);
		await take(pace);
		expect(plans.map(({ from }) => from)).toEqual([0, 100, 200, 300]);
	});

	it("sends requests that are good once only once, and warms up with others", async () => {
		const warmUp = { port: 9090, requests: REQUESTS, statuses: [200] } as const;
		prepared = { ...prepared, isForOneUse: true, warmUp };
		await take();
		expect(plans).toMatchObject([
			{ port: 9090, statuses: [200] },
			{ port: 8080, statuses: [201], limit: 10 },
		]);
		expect(plans[1]).not.toHaveProperty("from");
	});

	it("asks for as many requests as the turn before it took, and some more", async () => {
		const pace = startPace();
		await take(pace);
		await take(pace);
		expect(counts[1]).toBe(Math.ceil(200 * 1.3 * 0.5));
	});

	it("ends the run at an answer that is not expected", async () => {
		answer = () => {
			throw new Error("expected 201, got 403");
		};
		await expect(take()).rejects.toThrow("permit: expected 201, got 403");
		expect(counts).toHaveLength(1);
	});

	it("is repeated with fresh requests when they ended meanwhile, as on a machine that slept", async () => {
		answer = () => {
			if (plans.length > 1) return RESULT;
			now += 3600;
			throw new Error("expected 201, got 401");
		};
		expect(await take()).toMatchObject({ requestsPerSecond: 200 });
		expect(counts).toHaveLength(2);
	});

	it("is not repeated for ever", async () => {
		answer = () => {
			now += 3600;
			throw new Error("expected 201, got 401");
		};
		await expect(take()).rejects.toThrow("permit: expected 201, got 401");
		expect(counts).toHaveLength(3);
	});

	it.each([
		[2, true],
		[3, false],
	])("may have %i of 100 answers of the other kind: %s", async (others, isGood) => {
		answer = () => ({ ...RESULT, others });
		if (isGood) expect(await take()).toMatchObject({ others: 0.02 });
		else await expect(take()).rejects.toThrow("permit: 3.0 % of the answers were not 201");
	});
});
