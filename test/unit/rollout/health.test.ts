// A firewall that says healthy and changed by more than its product allows: which change breaks which limit.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	describeBroken,
	findBrokenLimit,
	type HealthLimit,
	healthLimits,
	healthReport,
	METRIC_NAMES,
} from "../../../src/rollout/health.ts";

const change = (from: number, to: number) => ({ before: { drops: from }, after: { drops: to } });
const breaks = (limit: HealthLimit, from: number, to: number) =>
	findBrokenLimit({ drops: limit }, change(from, to)) !== null;

describe("a limit", () => {
	it.each<[string, HealthLimit, number, number, boolean]>([
		["plus 20, by 20", { plus: 20 }, 12, 32, false],
		["plus 20, by more", { plus: 20 }, 12, 32.1, true],
		["plus 20, a fall", { plus: 20 }, 90, 0, false],
		["times 2, twice", { times: 2 }, 100, 200, false],
		["times 2, more than twice", { times: 2 }, 100, 201, true],
		["times 2, from nothing", { times: 2 }, 0, 1, true],
		["times 2 and plus 100, from nothing to 100", { times: 2, plus: 100 }, 0, 100, false],
		["times 2 and plus 100, from nothing to 101", { times: 2, plus: 100 }, 0, 101, true],
		["times 2 and plus 100, by 200 and not twice", { times: 2, plus: 100 }, 1_000, 1_200, false],
		["minus 5, by 5", { minus: 5 }, 10, 5, false],
		["minus 5, by more", { minus: 5 }, 10, 4, true],
		["down to half, half", { down_to: 0.5 }, 10, 5, false],
		["down to half, less", { down_to: 0.5 }, 10, 4, true],
		["down to half, a rise", { down_to: 0.5 }, 10, 100, false],
		["down to half, from nothing", { down_to: 0.5 }, 0, 0, false],
	])("%s: %j, %d to %d: %s", (_, limit, from, to, broken) => {
		expect(breaks(limit, from, to)).toBe(broken);
	});

	it("is broken by nothing where the metric is missing before or after, the product has none, or the device says nothing", () => {
		const limits = { cpu: { plus: 1 } };
		expect(findBrokenLimit(limits, { before: {}, after: { cpu: 100 } })).toBeNull();
		expect(findBrokenLimit(limits, { before: { cpu: 0 }, after: {} })).toBeNull();
		expect(findBrokenLimit(limits, { before: { memory: 0 }, after: { memory: 100 } })).toBeNull();
		expect(findBrokenLimit(null, { before: { cpu: 0 }, after: { cpu: 100 } })).toBeNull();
		expect(findBrokenLimit(limits, null)).toBeNull();
	});

	it("is named with its change", () => {
		const broken = findBrokenLimit({ cpu: { plus: 20 } }, { before: { cpu: 12 }, after: { cpu: 47 } });
		expect(broken).toEqual({ metric: "cpu", from: 12, to: 47 });
		expect(broken && describeBroken(broken)).toBe("cpu 12 -> 47");
	});
});

describe("what devices may send", () => {
	const isTaken = (sample: unknown) => healthReport.safeParse({ before: {}, after: sample }).success;

	it.each([
		{},
		{ cpu: 0, memory: 100, sessions: 0, drops: 1e12, block_rate: 0.5, top_rules: ["1:51"] },
		{ top_rules: [] },
	])("%j is taken", (sample) => expect(isTaken(sample)).toBe(true));

	it.each([
		{ cpu: -1 },
		{ cpu: 100.1 },
		{ cpu: "12" },
		{ cpu: null },
		{ drops: Number.POSITIVE_INFINITY },
		{ drops: Number.NaN },
		{ sessions: 1e13 },
		{ top_rules: Array(11).fill("a") },
		{ top_rules: ["a\nb"] },
		{ top_rules: ["a".repeat(65)] },
		{ temperature: 40 },
	])("%j is refused", (sample) => expect(isTaken(sample)).toBe(false));

	it("needs both moments", () => {
		expect(healthReport.safeParse({ after: {} }).success).toBe(false);
		expect(healthReport.safeParse({ before: {} }).success).toBe(false);
	});
});

it("limits that say nothing, or the wrong way round, are refused", () => {
	for (const cpu of [{}, { plus: 0 }, { times: 1 }, { down_to: 1 }, { down_to: 0 }, { minus: -1 }, { above: 3 }])
		expect(healthLimits.safeParse({ cpu }).success).toBe(false);
	expect(healthLimits.safeParse({ temperature: { plus: 1 } }).success).toBe(false);
});

describe("laws", () => {
	const value = fc.double({ min: 0, max: 100, noNaN: true });
	const limit = fc.record(
		{
			plus: fc.double({ min: 0.1, max: 50, noNaN: true }),
			times: fc.double({ min: 1.1, max: 10, noNaN: true }),
			minus: fc.double({ min: 0.1, max: 50, noNaN: true }),
			down_to: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
		},
		{ requiredKeys: [] },
	);

	it("no change breaks no limit; a greater change in one direction breaks whatever a smaller one breaks", () => {
		fc.assert(
			fc.property(limit as fc.Arbitrary<HealthLimit>, value, value, value, (one, from, to, further) => {
				expect(breaks(one, from, from)).toBe(false);
				const beyond = to > from ? to + further : to - further;
				if (breaks(one, from, to)) expect(breaks(one, from, beyond)).toBe(true);
			}),
		);
	});

	it("only a metric with a limit, known before and after, is ever named", () => {
		const sample = fc.record(Object.fromEntries(METRIC_NAMES.map((name) => [name, value])), { requiredKeys: [] });
		const limits = fc.record(Object.fromEntries(METRIC_NAMES.map((name) => [name, limit])), { requiredKeys: [] });
		fc.assert(
			fc.property(limits, sample, sample, (some, before, after) => {
				const found = findBrokenLimit(some as Parameters<typeof findBrokenLimit>[0], { before, after });
				if (found === null) return;
				expect(some).toHaveProperty(found.metric);
				expect([found.from, found.to]).toEqual([
					(before as Record<string, number>)[found.metric],
					(after as Record<string, number>)[found.metric],
				]);
			}),
		);
	});
});
