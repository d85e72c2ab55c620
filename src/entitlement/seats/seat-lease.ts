// A seat of an elastic license is a lease: the device's token requests renew it, and when it ends the seat is free. Pure
// rules; the Account object gathers the facts, decides and writes in one transaction.
import type { OveragePolicy } from "../licenses/license.ts";

/** Ended seats are written down in groups: the object wakes up once for all that end within these seconds. */
const SWEEP_BUCKET_SECONDS = 30;

/** Edges take a token for 30 s after its end (signing/sealed/access-token.ts), and clocks of edges and objects differ by some. */
const TOKEN_GUARD_SECONDS = 35;

/** A token ends this long before the lease that it is under: when the seat is free, the token is good nowhere. */
function guardOf(leaseSeconds: number): number {
	return Math.max(leaseSeconds / 3, TOKEN_GUARD_SECONDS);
}

/** @param until unix seconds; null = for good @returns whether the seat is still the device's */
export function isLive(until: number | null, now: number): boolean {
	return until === null || until > now;
}

export interface RenewalFacts {
	/** end of the lease that the device has, over or not; null = it has none */
	readonly leaseUntil: number | null;
	readonly license: { readonly seats: number; readonly overage: OveragePolicy; readonly leaseSeconds: number };
	/** live seats of the license; not looked at while the device's own is one of them */
	readonly seatsTaken: number;
	/** unix seconds */
	readonly now: number;
}

/**
 * kept: more than enough is left, nothing is written; renewed: a full lease from now on; returned: its lease was over, and
 * it got a seat again
 */
export type RenewalDecision =
	| { readonly ok: true; readonly kind: "kept" | "renewed" | "returned"; readonly until: number }
	| { readonly ok: false; readonly reason: "seat_lost" };

/**
 * A lease is renewed when a token under it could live less than a third of it: of one longer than 105 s when less than two
 * thirds are left, so that a device causes at most one write per third of it.
 * @returns what a token request does to the lease of a device's seat
 */
export function decideRenewal({ leaseUntil, license, seatsTaken, now }: RenewalFacts): RenewalDecision {
	const until = now + license.leaseSeconds;
	if (leaseUntil !== null && isLive(leaseUntil, now)) {
		const enough = leaseUntil - now >= license.leaseSeconds / 3 + guardOf(license.leaseSeconds);
		return enough ? { ok: true, kind: "kept", until: leaseUntil } : { ok: true, kind: "renewed", until };
	}
	if (seatsTaken >= license.seats && license.overage === "refuse") return { ok: false, reason: "seat_lost" };
	return { ok: true, kind: "returned", until };
}

/**
 * The end of a seat that is taken now. A device that was under another license may have a token from that time; the seat
 * lasts at least as long as that token, or it would be given away while the token is still good.
 * @param leaseSeconds of the license; 0 = fixed
 * @param tokensUntil unix seconds after which the device has no token from before; null = it has none
 * @returns unix seconds; null = the seat is for good
 */
export function firstLeaseEnd(leaseSeconds: number, tokensUntil: number | null, now: number): number | null {
	return leaseSeconds === 0 ? null : Math.max(now + leaseSeconds, tokensUntil ?? 0);
}

/**
 * A third of the lease before its end the device has to come back for a token, which renews it; under a very short lease
 * earlier, so that nobody takes the token when the seat is another's. Needs a lease that was just renewed or kept
 * (`decideRenewal`): then this is a third of it at least.
 * @param ttl seconds that a token lives otherwise
 * @returns seconds
 */
export function elasticTokenLife(ttl: number, lease: { until: number; seconds: number }, now: number): number {
	return Math.min(ttl, lease.until - now - Math.floor(guardOf(lease.seconds)));
}

/** @param until end of the lease that ends first, unix seconds @returns unix seconds when the object should look */
export function sweepTime(until: number): number {
	return Math.ceil(until / SWEEP_BUCKET_SECONDS) * SWEEP_BUCKET_SECONDS;
}
