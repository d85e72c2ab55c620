// Leases of elastic seats: when they are renewed, lost and swept, and how long a token under one lives.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	decideRenewal,
	elasticTokenLife,
	firstLeaseEnd,
	isLive,
	type RenewalFacts,
	sweepTime,
} from "../../../../src/entitlement/seats/seat-lease.ts";

const NOW = 1_800_000_000;
const LICENSE = { seats: 10, overage: "refuse", leaseSeconds: 900 } as const;
const renewal = (leaseUntil: number | null, change: Partial<RenewalFacts> = {}) =>
	decideRenewal({ leaseUntil, license: LICENSE, seatsTaken: 10, now: NOW, ...change });

describe("a lease", () => {
	it.each([
		["a second before its end", NOW + 1, true],
		["at its end", NOW, false],
		["after its end", NOW - 1, false],
		["of a fixed license", null, true],
	])("%s is live: %3$s", (_, until, live) => {
		expect(isLive(until, NOW)).toBe(live);
	});

	it.each([
		["just renewed", 900, "kept", 900],
		["with two thirds left", 600, "kept", 600],
		["with less than two thirds left", 599, "renewed", 900],
		["with a third left", 300, "renewed", 900],
		["with a second left", 1, "renewed", 900],
		["longer than the license's own, from before", 4_000, "kept", 4_000],
	])("%s is %3$s, though every seat is taken", (_, left, kind, wanted) => {
		expect(renewal(NOW + left)).toEqual({ ok: true, kind, until: NOW + wanted });
	});

	it.each([
		["at its end, all seats taken", NOW, 10, { ok: false, reason: "seat_lost" }],
		["at its end, a seat free", NOW, 9, { ok: true, kind: "returned", until: NOW + 900 }],
		["long over, a seat free", NOW - 9_999, 0, { ok: true, kind: "returned", until: NOW + 900 }],
		["that was never there, a seat free", null, 9, { ok: true, kind: "returned", until: NOW + 900 }],
		["at its end, more taken than there are", NOW, 11, { ok: false, reason: "seat_lost" }],
	])("%s", (_, until, seatsTaken, decision) => {
		expect(renewal(until, { seatsTaken })).toEqual(decision);
	});

	it("that is over comes back beyond the seats where the license allows it", () => {
		const license = { ...LICENSE, overage: "allow" } as const;
		expect(renewal(NOW, { license })).toMatchObject({ kind: "returned" });
		expect(renewal(NOW, { license, seatsTaken: 9 })).toMatchObject({ kind: "returned" });
	});
});

describe("the first lease", () => {
	it.each([
		["of a fixed license has no end", 0, NOW + 3_900, null],
		["of a new device is the license's", 900, null, NOW + 900],
		["outlives the tokens from before", 900, NOW + 3_900, NOW + 3_900],
		["is no shorter for tokens that end sooner", 900, NOW + 60, NOW + 900],
	])("%s", (_, leaseSeconds, tokensUntil, end) => {
		expect(firstLeaseEnd(leaseSeconds, tokensUntil, NOW)).toBe(end);
	});
});

describe("a token under a lease", () => {
	it.each([
		["just renewed", 900, 3_600, 600],
		["with two thirds left", 600, 3_600, 300],
		["longer than its own life", 86_400, 3_600, 3_600],
	])("%s lives until a third of it is left", (_, left, ttl, life) => {
		expect(elasticTokenLife(ttl, { until: NOW + left, seconds: 900 }, NOW)).toBe(life);
	});

	it.each([
		["of a minute, just renewed", 60, 60, 25],
		["of 105 s, just renewed", 105, 105, 70],
		["of 104 s, just renewed", 104, 104, 69],
	])("%s ends so early that no edge takes it when the seat is another's", (_, seconds, left, life) => {
		expect(elasticTokenLife(3_600, { until: NOW + left, seconds }, NOW)).toBe(life);
	});

	it.each([
		[55, "kept"],
		[54, "renewed"],
	])("of a minute is asked for with %i s left: %s", (left, kind) => {
		expect(renewal(NOW + left, { license: { ...LICENSE, leaseSeconds: 60 } })).toMatchObject({ kind });
	});

	it("always lives a third of the lease, unless all tokens are shorter, and is taken nowhere when the lease ends", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 60, max: 86_400 }),
				fc.integer({ min: -100, max: 100_000 }),
				fc.integer({ min: 60, max: 86_400 }),
				(leaseSeconds, left, ttl) => {
					const license = { ...LICENSE, leaseSeconds };
					const decision = renewal(NOW + left, { license, seatsTaken: 0 });
					if (!decision.ok) throw new Error("there are seats");
					const life = elasticTokenLife(ttl, { until: decision.until, seconds: leaseSeconds }, NOW);
					expect(Number.isInteger(life)).toBe(true);
					expect(life).toBeGreaterThanOrEqual(Math.min(ttl, Math.floor(leaseSeconds / 3)));
					expect(NOW + life).toBeLessThanOrEqual(decision.until - Math.floor(leaseSeconds / 3));
					expect(NOW + life + 30).toBeLessThan(decision.until);
				},
			),
		);
	});
});

describe("the sweep", () => {
	it.each([
		[NOW, NOW],
		[NOW + 1, NOW + 30],
		[NOW + 30, NOW + 30],
		[NOW + 31, NOW + 60],
	])("of a lease that ends at %i comes at %i", (until, at) => {
		expect(sweepTime(until)).toBe(at);
	});
});
