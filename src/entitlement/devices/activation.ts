// Who may become a device: first whether the code is good for it, then whether there is a seat. Pure; the Account object
// gathers the facts, decides and writes in one transaction, so no two activations can decide on the same seat.
import { isSameSerial } from "../../names.ts";
import { holdsSeat, type License, licenseHasEnded } from "../licenses/license.ts";
import type { DeviceStatus } from "./device-record.ts";

/**
 * Life of an auth code, unless its maker says otherwise. A code that nobody uses for a month is more likely lost than
 * waiting.
 */
export const CODE_LIFETIME_SECONDS = 30 * 86_400;

/** The facts with which a seat is asked for, by a device with a code or by an operator for a device. */
export interface SeatFacts {
	/** the license that is to have the device. `endsAt`: of the product that ends last */
	readonly license: Pick<License, "id" | "seats" | "endsAt" | "status" | "overage">;
	readonly serial: string;
	/** the device that has the caller's key, in whatever status */
	readonly deviceWithSameKey: KnownDevice | null;
	/** whether another key's device holds a seat under the caller's serial */
	readonly serialHeldByOther: boolean;
	/** the HA group that the device is to be in, whose license this is; null = it is to be in none */
	readonly group: {
		readonly id: string;
		/** whether its devices have their seat: another one needs none */
		readonly hasSeat: boolean;
		/** of others: no further device may join */
		readonly isFull: boolean;
	} | null;
	/** whether it has a seat of the license to itself, and so needs no free one to move within the license */
	readonly bringsSeat: boolean;
	/** whether it takes the place of a device that it replaces; then `group` and `bringsSeat` speak of that place too */
	readonly takesOver: boolean;
	/** seats of the license that are taken, counted in the same transaction */
	readonly seatsTaken: number;
	/** unix seconds */
	readonly now: number;
}

export interface KnownDevice {
	readonly status: DeviceStatus;
	readonly serial: string;
	readonly license: string;
	readonly haGroup: string | null;
}

export interface ActivationFacts extends Omit<SeatFacts, "license" | "deviceWithSameKey"> {
	/** null = no such code in this account; `used` counts the devices that it activated */
	readonly code: {
		readonly uses: number;
		readonly used: number;
		readonly expiresAt: number;
		readonly revoked: boolean;
		/** the one that may use it; null = any */
		readonly serial: string | null;
		readonly model: string | null;
		readonly instance: string | null;
	} | null;
	/** the license that the code is for; null with an unknown code */
	readonly license: SeatFacts["license"] | null;
	/** that the caller gives for itself */
	readonly model: string;
	/** on which the caller says it runs; null = it does not say */
	readonly instance: string | null;
	/** `usedThisCode`: whether this very code has activated it before; `isReplaced`: whether the code is for its successor */
	readonly deviceWithSameKey: (KnownDevice & { readonly usedThisCode: boolean; readonly isReplaced: boolean }) | null;
}

/** Why no seat is given, with any code. */
export type SeatRefusal =
	| "license_suspended"
	| "license_revoked"
	| "license_expired"
	| "key_revoked"
	| "serial_changed"
	| "serial_taken"
	| "ha_group_full"
	| "no_seat_left";

export type ActivationRefusal =
	| "unknown_code"
	| "code_revoked"
	| "code_bound"
	| "code_expired"
	| "code_used_up"
	| SeatRefusal;

/**
 * new: a device that was not known; returned: a deactivated one takes a seat again under its old id; moved: it leaves its
 * license for the code's one, or joins the code's HA group, or takes the place of a device that it replaces; same: nothing
 * changes, the answer was lost or the code was entered twice
 */
export type ActivationKind = "new" | "returned" | "moved" | "same";

type Admitted = { readonly ok: true; readonly kind: ActivationKind };
export type SeatDecision = Admitted | { readonly ok: false; readonly reason: SeatRefusal };
export type ActivationDecision = Admitted | { readonly ok: false; readonly reason: ActivationRefusal };

/** @returns what an activation comes to */
export function decideActivation(facts: ActivationFacts): ActivationDecision {
	const { code, license, deviceWithSameKey: device, now } = facts;
	// First, so that somebody without a code learns nothing about keys and serials.
	if (code === null || license === null) return { ok: false, reason: "unknown_code" };
	const refusal = refuseKey(facts);
	if (refusal !== null) return { ok: false, reason: refusal };
	// Even if the code has ended since: the holder of the key may ask again for the answer that it got.
	if (isLive(device) && device.usedThisCode) return SAME;
	if (code.revoked) return { ok: false, reason: "code_revoked" };
	if (now >= code.expiresAt) return { ok: false, reason: "code_expired" };
	if (!isFor(code, facts)) return { ok: false, reason: "code_bound" };
	// A factory reset makes a new key. With the old one nothing was replaced.
	if (device?.isReplaced === true) return { ok: false, reason: "code_bound" };
	const seat = decideSeat({ ...facts, license });
	const isFirstUse = !(seat.ok && seat.kind === "same") && device?.usedThisCode !== true;
	return isFirstUse && code.used >= code.uses ? { ok: false, reason: "code_used_up" } : seat;
}

/**
 * A license that has not started yet does take devices: appliances are racked before, and their grants say from when.
 * @returns whether a device gets a seat, or its part in one, or has it
 */
export function decideSeat(facts: SeatFacts): SeatDecision {
	const { license, deviceWithSameKey: device, group, takesOver } = facts;
	const refuse = (reason: SeatRefusal) => ({ ok: false, reason }) as const;
	const refusal = refuseKey(facts);
	if (refusal !== null) return refuse(refusal);
	if (!takesOver && isLive(device) && isInPlace(device, license.id, group)) return SAME;
	const needsSeat = !(facts.bringsSeat || group?.hasSeat);
	// Hardware breaks under any license: who takes the place of another asks for nothing that was not given already.
	if (needsSeat || !takesOver) {
		if (license.status !== "active") return refuse(`license_${license.status}`);
		if (licenseHasEnded(license, facts.now)) return refuse("license_expired");
	}
	if (facts.serialHeldByOther) return refuse("serial_taken");
	if (group?.isFull) return refuse("ha_group_full");
	const isFull = facts.seatsTaken >= license.seats && license.overage === "refuse";
	if (needsSeat && isFull) return refuse("no_seat_left");
	return { ok: true, kind: device === null ? "new" : isLive(device) ? "moved" : "returned" };
}

/** A code that names no HA group says nothing of them: it does not take a device out of its own. */
function isInPlace(device: KnownDevice, license: string, group: SeatFacts["group"]): boolean {
	return device.license === license && (group === null || device.haGroup === group.id);
}

const SAME = { ok: true, kind: "same" } as const;

/** A virtual machine may use its own name as its serial number. */
function isFor(code: NonNullable<ActivationFacts["code"]>, { serial, model, instance }: ActivationFacts): boolean {
	if (!isSameSerial(code.serial ?? serial, serial) || (code.model ?? model) !== model) return false;
	return code.instance === null || code.instance === instance || isSameSerial(code.instance, serial);
}

function isLive<D extends KnownDevice>(device: D | null): device is D {
	return device !== null && holdsSeat(device.status);
}

/** A key lives in one appliance. Another serial under it is a copied disk image, and may not share the seat. */
function refuseKey({ deviceWithSameKey: device, serial }: Pick<SeatFacts, "deviceWithSameKey" | "serial">) {
	if (device === null) return null;
	if (device.status === "revoked") return "key_revoked";
	return isSameSerial(device.serial, serial) ? null : "serial_changed";
}
