// What a fleet asks of KV and of the Directory, when all is well and when it is not: 3,000 isolates at 300 locations.
import { describe, expect, test } from "vitest";
import { runs } from "../../support/runs.ts";
import { fleetReads } from "./fleet-reads.ts";

const FLEET = { isolates: 3_000, locations: 300, requestsPerSecond: 5_760, isShared: true, seconds: runs(5, 10) };

describe("isolates of 300 locations", () => {
	test("read heads once per location and few seconds, not once each", async () => {
		const alone = await fleetReads({ ...FLEET, isShared: false, seconds: 5 });
		const shared = await fleetReads({ ...FLEET, seconds: 5 });
		expect(alone.storeReads).toBeGreaterThan(500);
		expect(shared.storeReads).toBeLessThan(100);
		expect(shared.unanswered).toBe(0);
	}, 60_000);

	test("ask the Directory for it fewer than 500 times in any second while KV is out", async () => {
		const { directoryCalls, directoryCallsPeak, unanswered } = await fleetReads({ ...FLEET, isKvOut: true });
		expect(directoryCalls).toBeGreaterThan(20);
		expect(directoryCallsPeak).toBeLessThan(500);
		expect(unanswered).toBe(0);
	}, 60_000);

	test("do not multiply their questions while the Directory does not answer either", async () => {
		const both = { isKvOut: true, isDirectoryOut: true };
		const { directoryCallsPeak, unanswered } = await fleetReads({ ...FLEET, ...both });
		expect(directoryCallsPeak).toBeLessThan(500);
		expect(unanswered).toBe(0);
	}, 60_000);
});
