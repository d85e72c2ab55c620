// A fleet after half an hour of outage, whatever the outage looked like from its side.
import { expect, test } from "vitest";
import { fleetOutage, type Outage } from "./fleet-outage.ts";

const LASTS = 1_800;

test.each<[Outage, string, number]>([
	["silence", "nobody answers", 600],
	["refusals", "every check is refused with 503", 600],
	["degraded", "checks are answered from old copies", 1_320],
])("%s: when %s, the fleet is back %d s later at most, and never five times as dense as usual", (outage, _, back) => {
	const { during, after, later, allBack } = fleetOutage({ devices: 60_000, outage, lasts: LASTS });
	expect(allBack).toBeLessThanOrEqual(back);
	expect(Math.max(during, after)).toBeLessThanOrEqual(5);
	expect(later).toBeLessThanOrEqual(3);
});
