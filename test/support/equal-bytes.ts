// Runs before each file of tests. Vitest compares bytes as it compares any values, one by one through all its cases: seconds for a
// package of megabytes. Bytes that are equal are found so at once; any others are left to vitest, which says how they differ.
import { expect } from "vitest";

expect.addEqualityTesters([
	(one: unknown, other: unknown) => {
		if (!(one instanceof Uint8Array && other instanceof Uint8Array)) return undefined;
		if (one.constructor !== other.constructor || one.length !== other.length) return undefined;
		return one.every((byte, index) => byte === other[index]) || undefined;
	},
]);
