// The comparison that takes the same time for every text says the same as ===.
import fc from "fast-check";
import { expect, it } from "vitest";
import { equalInConstantTime } from "../../../src/signing/constant-time.ts";

it("agrees with === on every pair of texts", () => {
	const text = fc.string({ unit: fc.constantFrom("a", "b", "\u0101"), maxLength: 4 });
	fc.assert(
		fc.property(text, text, (left, right) => {
			expect(equalInConstantTime(left, right)).toBe(left === right);
		}),
		{ numRuns: 1000 },
	);
});
