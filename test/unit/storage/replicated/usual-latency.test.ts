// What a store usually takes, as an isolate learns it from the answers.
import fc from "fast-check";
import { expect, it } from "vitest";
import { createUsualLatency } from "../../../../src/storage/replicated/usual-latency.ts";

const BOUNDS = { minMs: 40, maxMs: 120 };

it.each([
	["nothing was measured", [], 40],
	["all answers come early", Array(100).fill(5), 40],
	["all answers are later than can be usual", Array(100).fill(2_000), 120],
	["one answer of a near store was late", [...Array(50).fill(5), 2_000], 43.8],
])("%s", (_, answers, ms) => {
	const usual = createUsualLatency(BOUNDS);
	for (const answer of answers) usual.note(answer);
	expect(usual.ms()).toBeCloseTo(ms);
});

it("comes to where one answer in twenty is later, wherever the store is", () => {
	fc.assert(
		fc.property(fc.integer({ min: 45, max: 80 }), fc.integer({ min: 0, max: 2 ** 31 }), (nearest, seed) => {
			const usual = createUsualLatency(BOUNDS);
			let late = 0;
			let state = seed;
			for (let answer = 0; answer < 4_000; answer++) {
				state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
				const ms = nearest + ((state >>> 8) % 30);
				if (answer >= 2_000 && ms > usual.ms()) late += 1;
				usual.note(ms);
			}
			expect(late / 2_000).toBeGreaterThan(0.02);
			expect(late / 2_000).toBeLessThan(0.09);
		}),
		{ numRuns: 50 },
	);
});

it("is forgotten once the answers come early again", () => {
	const usual = createUsualLatency(BOUNDS);
	for (let answer = 0; answer < 100; answer++) usual.note(110);
	expect(usual.ms()).toBeGreaterThan(100);
	for (let answer = 0; answer < 1_000; answer++) usual.note(5);
	expect(usual.ms()).toBe(40);
});
