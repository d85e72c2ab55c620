// Zero touch: an appliance that its maker has given a certificate (IEEE 802.1AR) is activated without an auth code, where an account has
// claimed its serial number. Pure.
import { serialNumber } from "../../names.ts";
import type { License } from "../licenses/license.ts";

/** A serial number that an account expects. */
export interface Claim {
	readonly serial: string;
	/** id of the maker whose certificates count */
	readonly manufacturer: string;
	/** under which its device is activated */
	readonly license: string;
	/** the device that it has activated last; null = none yet */
	readonly device: string | null;
	/** a device of this serial number was revoked since: its maker's certificate alone brings it back no more */
	readonly isSpent: boolean;
	/** unix seconds */
	readonly createdAt: number;
}

/** Beyond the free seats: for appliances that are on their way in place of others. */
const CLAIM_SLACK = 10;

/**
 * How many serial numbers may wait for their appliances under a license, so that nobody claims a maker's whole range. Where seats come back by
 * themselves, or are no bound, it is as many as there are seats.
 * @param seatsTaken of the license, now
 */
export function maxOpenClaims(
	{ seats, overage, leaseSeconds }: Pick<License, "seats" | "overage" | "leaseSeconds">,
	seatsTaken: number,
): number {
	const isBound = leaseSeconds === 0 && overage === "refuse";
	return (isBound ? Math.max(0, seats - seatsTaken) : seats) + CLAIM_SLACK;
}

export type ClaimRefusal = "unclaimed" | "claim_spent";

/** @returns why a claim lets nobody in; null = it does, where there is a seat */
export function refuseClaim(claim: Pick<Claim, "isSpent"> | null): ClaimRefusal | null {
	if (claim === null) return "unclaimed";
	return claim.isSpent ? "claim_spent" : null;
}

/**
 * The serial number in the subject of a maker's certificate (IEEE 802.1AR-2018 §8.6: attribute serialNumber).
 * @param values of that attribute @returns null where there is none, more than one, or one that no device may have
 */
export function serialOf(values: readonly string[]): string | null {
	const [value, ...more] = values;
	if (value === undefined || more.length > 0) return null;
	// Some makers write what it is before it: PID:FW-440 SN:FDO2119A1B2.
	const text = /(?:^|[\s,;])SN[:=]\s*(\S+)$/i.exec(value.trim())?.[1] ?? value.trim();
	return serialNumber.safeParse(text).data ?? null;
}
