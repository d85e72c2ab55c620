// The shape of a herd: as `npm run simulate` prints it, for a smaller fleet.
import { expect, it } from "vitest";
import { herdOf } from "../../../../bench/rollout/herd.ts";
import { createRandom } from "../../../simulation/random.ts";

it("a fleet asks evenly, and comes back from half an hour's outage in less than five times as many checks a second", () => {
	const { steady, afterRefusals, afterSilence } = herdOf(100_000, createRandom(1));
	expect(steady).toBeLessThan(1.5);
	for (const recovery of [afterRefusals, afterSilence]) expect(recovery).toBeLessThan(5);
});
