// A few of the schedules that `node test/simulation/main.ts` and the benchmark run by the thousand.
import { expect, it } from "vitest";
import { RUNS_TIMEOUT_MS, runs } from "../support/runs.ts";
import { simulate } from "./simulate.ts";

const SCHEDULES = runs(12, 1_000);

it(
	"whatever fails, nobody is allowed or refused wrongly, and no record is lost or goes back",
	async () => {
		const result = await simulate({ schedules: SCHEDULES });
		// Each names the seed with which `node test/simulation/main.ts --seed <n>` shows it again.
		expect(result.findings).toEqual([]);
		expect(result.requests).toBeGreaterThan(SCHEDULES * 100);
		expect(result.allows).toBeGreaterThan(SCHEDULES * 50);
		expect(result.unavailable).toBeGreaterThan(SCHEDULES);
	},
	RUNS_TIMEOUT_MS,
);

it("a schedule is what its seed says", async () => {
	const stores = ["redis,kv"];
	const [once, again, other] = [await run(7), await run(7), await run(8)];
	expect(again).toEqual(once);
	expect(other).not.toEqual(once);

	function run(firstSeed: number) {
		return simulate({ schedules: runs(1, 3), firstSeed, stores });
	}
});
