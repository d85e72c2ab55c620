// The time after which a refused device is served no more, for each choice of stores, and what it is made of.
import { describe, expect, test } from "vitest";
import { headsStaleSeconds } from "../../../src/storage/records.ts";
import { revocationBound } from "../../../src/storage/revocation-bound.ts";

describe("a device that was refused is served no more after", () => {
	test.each([
		["kv", ["kv"], 5, 75],
		["redis", ["redis"], 5, 16],
		["the slower of two stores, whichever is read first", ["redis", "kv"], 5, 75],
		["the same in the other order", ["kv", "redis"], 5, 75],
		["what propagation alone takes, where isolates keep nothing", ["redis"], 0, 1],
	] as const)("%s", (_, stores, fresh, seconds) => {
		expect(revocationBound(stores, fresh).seconds).toBe(seconds);
	});

	test("each store's own part is told", () => {
		expect(revocationBound(["redis", "kv"], 5)).toEqual({
			seconds: 75,
			isolateSeconds: 10,
			locationSeconds: 5,
			stores: [
				{ name: "redis", propagationSeconds: 1, seconds: 16 },
				{ name: "kv", propagationSeconds: 60, seconds: 75 },
			],
		});
	});
});

test.each([
	[0, 0],
	[1, 1],
	[5, 5],
	[60, 5],
])("a copy of heads that is fresh for %i s may be stale for %i s", (fresh, stale) => {
	expect(headsStaleSeconds(fresh)).toBe(stale);
});
