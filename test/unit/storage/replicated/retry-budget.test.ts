// Retries are never more than their share of the calls.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRetryBudget } from "../../../../src/storage/replicated/retry-budget.ts";

function earned(budget: ReturnType<typeof createRetryBudget>, calls: number): void {
	for (let call = 0; call < calls; call++) budget.earn();
}

describe("retry budget", () => {
	it.each([
		[0, 0],
		[9, 0],
		[10, 1],
		[19, 1],
		[50, 5],
		[100, 10],
		[100_000, 10],
	])("after %d calls there are %d retries", (calls, retries) => {
		const budget = createRetryBudget(10);
		earned(budget, calls);
		let spent = 0;
		while (budget.spend()) spent += 1;
		expect(spent).toBe(retries);
	});

	it("never lets the retries be more than their share of the calls, in whatever order they come", () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 50 }), fc.array(fc.boolean(), { maxLength: 500 }), (percent, isCall) => {
				const budget = createRetryBudget(percent);
				let calls = 0;
				let retries = 0;
				for (const earns of isCall) {
					if (earns) {
						budget.earn();
						calls += 1;
					} else if (budget.spend()) retries += 1;
					expect(retries * 100).toBeLessThanOrEqual(calls * percent);
				}
			}),
		);
	});
});
