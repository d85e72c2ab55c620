// When a store that fails is left alone, for how long, and how it is tried again.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	type CallOutcome,
	createCircuitBreaker,
	type Standing,
} from "../../../../src/storage/replicated/circuit-breaker.ts";
import { REPLICATED_READ_SETTINGS } from "../../../../src/storage/replicated/replicated-record-store.ts";

const { breaker: SETTINGS } = REPLICATED_READ_SETTINGS;
const START = 1_800_000_000_000;
const SECOND = 1_000;

/** Follows a script: ms after the start, what is done, what it must give. */
type Step =
	| readonly [ms: number, act: "enter", allowed: boolean]
	| readonly [ms: number, act: CallOutcome, times: number]
	| readonly [ms: number, act: "standing", expected: Standing];

function follow(steps: readonly Step[], random = 0): void {
	const breaker = createCircuitBreaker(SETTINGS, () => random);
	for (const [ms, act, value] of steps) {
		const nowMs = START + ms;
		if (act === "enter") expect([ms, breaker.enter(nowMs)]).toEqual([ms, value]);
		else if (act === "standing") expect([ms, breaker.standing(nowMs)]).toEqual([ms, value]);
		else for (let time = 0; time < value; time++) breaker.leave(nowMs, act);
	}
}

const OPENED: readonly Step[] = [[0, "bad", 20]];

describe("circuit breaker", () => {
	it.each<[string, readonly Step[]]>([
		["leads while nothing is known", [[0, "standing", "leads"]]],
		[
			"stays closed below twenty calls, all of them bad",
			[
				[0, "bad", 19],
				[0, "standing", "leads"],
			],
		],
		["opens at twenty bad calls", [...OPENED, [0, "standing", "open"], [0, "enter", false]]],
		[
			"opens when half of the calls are bad",
			[
				[0, "good", 10],
				[0, "bad", 10],
				[0, "standing", "open"],
			],
		],
		[
			"stays closed when fewer than half of the calls are bad",
			[
				[0, "good", 11],
				[0, "bad", 10],
				[0, "standing", "leads"],
			],
		],
		[
			"forgets what was more than ten seconds ago",
			[
				[0, "bad", 19],
				[10 * SECOND, "bad", 19],
				[10 * SECOND, "standing", "leads"],
			],
		],
		[
			"does not count calls that nobody waited for",
			[
				[0, "bad", 19],
				[0, "abandoned", 100],
				[0, "standing", "leads"],
			],
		],
		["is due for a probe after its pause", [...OPENED, [4_999, "standing", "open"], [5_000, "standing", "due"]]],
		["lets one of many make the probe", [...OPENED, [5_000, "enter", true], [5_000, "enter", false]]],
		[
			"pauses again after a bad probe",
			[...OPENED, [5_000, "enter", true], [5_100, "bad", 1], [10_099, "standing", "open"], [10_100, "standing", "due"]],
		],
		[
			"follows after a good probe, and leads again when the hold-down is over",
			[
				...OPENED,
				[5_000, "enter", true],
				[5_100, "good", 1],
				[5_100, "standing", "follows"],
				[5_100, "enter", true],
				[305_099, "standing", "follows"],
				[305_100, "standing", "leads"],
			],
		],
		[
			"starts to count anew after a recovery",
			[...OPENED, [5_000, "enter", true], [5_100, "good", 1], [5_200, "bad", 19], [5_200, "standing", "follows"]],
		],
		[
			"gives the probe to the next when nobody waited for it",
			[...OPENED, [5_000, "enter", true], [5_050, "abandoned", 1], [5_050, "standing", "due"], [5_050, "enter", true]],
		],
		[
			"gives the probe to the next when the request that made it vanished",
			[...OPENED, [5_000, "enter", true], [5_999, "enter", false], [6_000, "enter", true]],
		],
		[
			"takes no notice of calls from before that end in its pause",
			[...OPENED, [100, "good", 50], [100, "standing", "open"], [100, "bad", 50], [5_000, "standing", "due"]],
		],
	])("%s", (_, steps) => follow(steps));

	it("pauses for between 5 and 30 seconds", () => {
		follow([...OPENED, [29_999, "standing", "open"], [30_000, "standing", "due"]], 0.999_999_9);
	});

	it("never opens on fewer than twenty calls, nor while fewer than half are bad, whatever comes", () => {
		const call = fc.record({ afterMs: fc.nat(500), outcome: fc.constantFrom<CallOutcome>("good", "bad", "abandoned") });
		fc.assert(
			fc.property(fc.array(call, { maxLength: 200 }), (calls) => {
				const breaker = createCircuitBreaker(SETTINGS, () => 0);
				let nowMs = START;
				const made: { atMs: number; isBad: boolean }[] = [];
				for (const { afterMs, outcome } of calls) {
					nowMs += afterMs;
					breaker.leave(nowMs, outcome);
					if (outcome !== "abandoned") made.push({ atMs: nowMs, isBad: outcome === "bad" });
					if (breaker.standing(nowMs) !== "open") continue;
					const last = (ms: number) => made.filter(({ atMs }) => nowMs - atMs < ms);
					const bad = last(10_000).filter(({ isBad }) => isBad).length;
					expect(last(10_000).length).toBeGreaterThanOrEqual(20);
					// The window drops a tenth at a time, so it holds the last nine seconds at least.
					expect(bad * 2).toBeGreaterThanOrEqual(last(9_000).length);
					return;
				}
			}),
		);
	});

	it("lets a dead store be called at most once in five seconds after it has opened, however many ask", () => {
		const gaps = fc.array(fc.nat(3_000), { minLength: 50, maxLength: 200 });
		fc.assert(
			fc.property(gaps, fc.double({ min: 0, max: 0.99, noNaN: true }), (all, random) => {
				const breaker = createCircuitBreaker(SETTINGS, () => random);
				for (let call = 0; call < 20; call++) breaker.leave(START, "bad");
				let nowMs = START;
				let lastMs = START;
				for (const gap of all) {
					nowMs += gap;
					if (!breaker.enter(nowMs)) continue;
					expect(nowMs - lastMs).toBeGreaterThanOrEqual(5_000);
					lastMs = nowMs;
					breaker.leave(nowMs, "bad");
				}
			}),
		);
	});
});
