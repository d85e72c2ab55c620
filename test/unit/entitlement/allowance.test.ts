// So many at once, and one per interval in the long run: for whatever times things want to happen at.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Allowance, allowedFrom, spend } from "../../../src/entitlement/allowance.ts";

function happened(policy: Allowance, times: readonly number[]): number[] {
	let spentTo = 0;
	return times.filter((now) => {
		if (now < allowedFrom(spentTo, policy)) return false;
		spentTo = spend(spentTo, now, policy);
		return true;
	});
}

const POLICY = { everySeconds: 600, burst: 3 };
const NOW = 1_800_000_000;

test("so many at once, the next one an interval after the first, and all again after a rest", () => {
	const at = [0, 0, 0, 0, 599, 600, 601, 10_000, 10_000, 10_000, 10_000].map((second) => NOW + second);
	expect(happened(POLICY, at).map((second) => second - NOW)).toEqual([0, 0, 0, 600, 10_000, 10_000, 10_000]);
});

test("in no stretch of time more than the burst and one per interval", () => {
	const policies = fc.record({
		everySeconds: fc.integer({ min: 1, max: 1_000 }),
		burst: fc.integer({ min: 1, max: 20 }),
	});
	const gaps = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 });
	fc.assert(
		fc.property(policies, gaps, (policy, between) => {
			let now = NOW;
			const all = happened(
				policy,
				between.map((gap) => (now += gap)),
			);
			for (const [first, from] of all.entries()) {
				for (const [last, to] of all.entries()) {
					if (last < first) continue;
					expect(last - first + 1).toBeLessThanOrEqual(policy.burst + (to - from) / policy.everySeconds);
				}
			}
		}),
	);
});
