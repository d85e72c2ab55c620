// Work that is done a bounded number of pieces at a time, and for a bounded time.
import { describe, expect, it } from "vitest";
import { inBatches } from "../../../../bench/stage/batches.ts";

describe("work in batches", () => {
	it.each([0, 1, 255, 256, 257, 600])("does all of %i pieces, in their order", async (count) => {
		expect(await inBatches(Array(count).keys(), async (piece) => piece * 2)).toEqual(
			Array.from({ length: count }, (_, piece) => piece * 2),
		);
	});

	it("has at most 256 pieces under way", async () => {
		let underWay = 0;
		let most = 0;
		await inBatches(Array(1000).keys(), async () => {
			underWay += 1;
			most = Math.max(most, underWay);
			await Promise.resolve();
			underWay -= 1;
		});
		expect(most).toBe(256);
	});

	it("ends after the first batch when time is up", async () => {
		expect(await inBatches(Array(1000).keys(), async (piece) => piece, performance.now() - 1)).toHaveLength(256);
	});
});
