// The seats of one license go over to another, which takes a while where they are many. Pure rules: what may begin, and who
// may take a seat of either license meanwhile. Whoever takes one of the license that is left follows the others.
import type { License } from "./license.ts";

/** moving: seats go over; leasing: all have, and those that came from a fixed license get their leases; ended: nothing is left to do */
export type TransferPhase = "moving" | "leasing" | "ended";

export interface TransferFacts {
	/** ids of the licenses whose seats go over at the time, from and to; null = none do */
	readonly running: { readonly from: string; readonly to: string } | null;
	readonly from: Pick<License, "id">;
	readonly to: Pick<License, "id" | "seats" | "overage" | "status">;
	/** live seats of `from` */
	readonly moving: number;
	/** live seats of `to` */
	readonly taken: number;
}

export type TransferDecision =
	/** joined: that very transfer runs already; nothing: no seat is to go over */
	| { readonly ok: true; readonly kind: "begun" | "joined" | "nothing" }
	| { readonly ok: false; readonly reason: "transfer_running" | "license_revoked" | "no_seat_left" };

/** One at a time in an account: the seats that a license has promised are then those of one other license. */
export function decideTransfer({ running, from, to, moving, taken }: TransferFacts): TransferDecision {
	if (running !== null) {
		const isThis = running.from === from.id && running.to === to.id;
		return isThis ? { ok: true, kind: "joined" } : { ok: false, reason: "transfer_running" };
	}
	if (to.status === "revoked") return { ok: false, reason: "license_revoked" };
	if (from.id === to.id || moving === 0) return { ok: true, kind: "nothing" };
	const isTooMuch = to.overage === "refuse" && taken + moving > to.seats;
	return isTooMuch ? { ok: false, reason: "no_seat_left" } : { ok: true, kind: "begun" };
}

type SeatTerms = Pick<License, "seats" | "overage">;

/**
 * A seat that is taken now under the license that is left needs one there, and one under the other license, which it will have soon.
 * @param takenOfTo live seats of `to` @returns the terms that hold for another seat of `from`, beside the seats taken of `from`
 */
export function termsWhileMoving(from: SeatTerms, to: SeatTerms, takenOfTo: number): SeatTerms {
	const limits = [
		...(from.overage === "refuse" ? [from.seats] : []),
		...(to.overage === "refuse" ? [to.seats - takenOfTo] : []),
	];
	return limits.length === 0
		? { seats: from.seats, overage: "allow" }
		: { seats: Math.min(...limits), overage: "refuse" };
}
