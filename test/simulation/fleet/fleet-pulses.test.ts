// A fleet that waits by pulses: how soon it asks about a release, that it never asks all at once, and what a pulse that does
// not tell the truth can do.
import { describe, expect, it, test } from "vitest";
import type { PulseNews } from "../../../cli/firewall/check/pulse.ts";
import { MAX_QUIET_SECONDS } from "../../../src/content/check/pulse.ts";
import { runs } from "../../support/runs.ts";
import { fleetPulses, INTERVAL, spreadingAfter, spreadingOf } from "./fleet-pulses.ts";

describe.each([
	// Of so few devices in a second that chance adds more than a half.
	["a routine release", false, INTERVAL, runs(20_000, 50_000), runs(1.9, 1.5)],
	["an emergency", true, 60, runs(10_000, 50_000), 1.5],
])("%s", (_, emergency, spread, devices, densest) => {
	it("is asked about by 99 % of the devices within its spread and a minute, and in no second by a herd", async () => {
		const plan = { devices, seconds: 1_500, publishes: [{ at: 100, emergency }] };
		const { askedBy99, herd } = spreadingOf(plan, await fleetPulses(plan), 0);
		expect(askedBy99).toBeLessThanOrEqual(60 + spread);
		expect(herd).toBeLessThanOrEqual(densest);
	}, 60_000);
});

test("a moment at which the answers of all devices change, as when a release gets old enough, brings none of them in a herd", async () => {
	const plan = { devices: 20_000, seconds: 3_000, publishes: [], momentAt: 1_500, isBrief: true };
	const { askedBy99, herd } = spreadingAfter(plan, await fleetPulses(plan));
	expect(askedBy99).toBeLessThanOrEqual(1.1 * INTERVAL);
	expect(herd).toBeLessThanOrEqual(1.9); // so few devices in a second that chance adds a half
}, 60_000);

test("hours after an emergency its devices, which it woke as one, do not return as one", async () => {
	const plan = {
		devices: runs(1_500, 3_000),
		seconds: 1.2 * MAX_QUIET_SECONDS,
		publishes: [{ at: 100, emergency: true }],
	};
	const { checks } = await fleetPulses(plan);
	const returns = checks.flatMap((made) => made.filter(({ at }) => at > 1_000).map(({ at }) => Math.floor(at / 10)));
	const tens = Object.values(Object.groupBy(returns, String)).map((together) => together?.length ?? 0);
	expect(returns.length).toBeGreaterThanOrEqual(plan.devices);
	expect(Math.max(...tens)).toBeLessThanOrEqual((plan.devices / INTERVAL) * 10);
}, 60_000);

describe("with one release, a pulse that", () => {
	const plan = { devices: 100, seconds: 3 * MAX_QUIET_SECONDS, publishes: [{ at: 30_000, emergency: false }] };
	const forged: PulseNews = { value: "forged", spread: 60 };

	test("was forged once costs a device one check too many at most", async () => {
		const distort = (truth: PulseNews, second: number) => (second > 10_000 && second < 10_050 ? forged : truth);
		const honest = await fleetPulses(plan);
		const { checks } = await fleetPulses({ ...plan, distort });
		for (const [device, made] of checks.entries()) {
			expect(made.length).toBeLessThanOrEqual((honest.checks[device]?.length ?? 0) + 1);
		}
	});

	test.each<[string, (truth: PulseNews, second: number) => PulseNews | null]>([
		["is stale for good", (truth) => ({ ...truth, value: "0" })],
		[
			"is replayed for an hour",
			(truth, second) => (second > 34_000 && second < 37_600 ? { ...truth, value: "0" } : truth),
		],
		["is gone", () => null],
		["is another each time", (truth, second) => ({ ...truth, value: `${second}` })],
	])("%s delays by `until` at most, and makes no device ask more often than one without pulses", async (_, distort) => {
		const { checks } = await fleetPulses({ ...plan, distort });
		for (const made of checks) {
			const told = made.find(({ knew }) => knew === 1)?.at ?? Number.POSITIVE_INFINITY;
			expect(told).toBeLessThanOrEqual(30_000 + 30 + MAX_QUIET_SECONDS);
			expect(made.length).toBeLessThanOrEqual(1 + plan.seconds / (INTERVAL * 0.9));
		}
	});
});
