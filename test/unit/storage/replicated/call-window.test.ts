// Counting what happened within the last seconds, to within a tenth of the window.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCallWindow } from "../../../../src/storage/replicated/call-window.ts";

const START = 1_800_000_000_000;

describe("call window", () => {
	it("counts what happened within it and forgets what did not", () => {
		const window = createCallWindow(10_000);
		window.add(START, true);
		window.add(START + 5_000, false);
		expect(window.counts(START + 5_000)).toEqual({ calls: 2, bad: 1 });
		expect(window.counts(START + 10_000)).toEqual({ calls: 1, bad: 0 });
		expect(window.counts(START + 15_000)).toEqual({ calls: 0, bad: 0 });
	});

	it("is empty after it was cleared", () => {
		const window = createCallWindow(10_000);
		window.add(START, true);
		window.clear();
		expect(window.counts(START)).toEqual({ calls: 0, bad: 0 });
		window.add(START, false);
		expect(window.counts(START)).toEqual({ calls: 1, bad: 0 });
	});

	it("counts at least the last nine tenths and at most the whole window, whatever the calls", () => {
		const call = fc.record({ afterMs: fc.nat(4_000), isBad: fc.boolean() });
		fc.assert(
			fc.property(fc.array(call, { maxLength: 60 }), fc.nat(12_000), (calls, laterMs) => {
				const window = createCallWindow(10_000);
				let nowMs = START;
				const made = calls.map(({ afterMs, isBad }) => {
					nowMs += afterMs;
					window.add(nowMs, isBad);
					return { atMs: nowMs, isBad };
				});
				nowMs += laterMs;
				const within = (ms: number) => made.filter(({ atMs }) => nowMs - atMs < ms);
				const counted = window.counts(nowMs);
				expect(counted.calls).toBeGreaterThanOrEqual(within(9_000).length);
				expect(counted.calls).toBeLessThanOrEqual(within(10_000).length);
				expect(counted.bad).toBeGreaterThanOrEqual(within(9_000).filter(({ isBad }) => isBad).length);
				expect(counted.bad).toBeLessThanOrEqual(within(10_000).filter(({ isBad }) => isBad).length);
			}),
		);
	});
});
