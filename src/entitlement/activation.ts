// Who may become a device: the rules of activation, and which status may follow which. Pure; the Account object gathers
// the facts, decides and writes in one transaction, so no two activations can decide on the same seat.
import type { DeviceStatus } from "./device-record.ts";
import { holdsSeat, type License, licenseHasEnded } from "./license.ts";

export interface ActivationFacts {
	/** null = no such code in this account; `used` counts the devices that it activated */
	readonly code: {
		readonly uses: number;
		readonly used: number;
		readonly expiresAt: number;
		readonly revoked: boolean;
		/** the one that may use it; null = any */
		readonly serial: string | null;
		readonly model: string | null;
	} | null;
	/** the license that the code is for; null with an unknown code. `endsAt`: of the product that ends last */
	readonly license: Pick<License, "id" | "seats" | "endsAt" | "status" | "overage"> | null;
	/** serial and model that the caller gives for itself */
	readonly serial: string;
	readonly model: string;
	/** the device that has the caller's key, in whatever status */
	readonly deviceWithSameKey: {
		readonly status: DeviceStatus;
		readonly serial: string;
		readonly license: string;
		/** whether this very code has activated it before */
		readonly usedThisCode: boolean;
	} | null;
	/** whether another key's device holds a seat under the caller's serial */
	readonly serialHeldByOther: boolean;
	/** devices that hold a seat of the license, counted in the same transaction */
	readonly seatsTaken: number;
	/** unix seconds */
	readonly now: number;
}

export type ActivationRefusal =
	| "unknown_code"
	| "code_revoked"
	| "code_bound"
	| "code_expired"
	| "code_used_up"
	| "license_suspended"
	| "license_revoked"
	| "license_expired"
	| "key_revoked"
	| "serial_changed"
	| "serial_taken"
	| "no_seat_left";

/**
 * new: a device that was not known; returned: a deactivated one takes a seat again under its old id; moved: it leaves its
 * license for the code's one; same: nothing changes, the answer was lost or the code was entered twice
 */
export type ActivationKind = "new" | "returned" | "moved" | "same";

export type ActivationDecision =
	/** `overage`: every seat is taken, and the license allows more */
	| { readonly ok: true; readonly kind: ActivationKind; readonly overage: boolean }
	| { readonly ok: false; readonly reason: ActivationRefusal };

/**
 * A license that has not started yet does take devices: appliances are racked before, and their grants say from when.
 * @returns what an activation comes to
 */
export function decideActivation(facts: ActivationFacts): ActivationDecision {
	const { code, license, deviceWithSameKey: device, now } = facts;
	// First, so that somebody without a code learns nothing about keys and serials.
	if (code === null || license === null) return refuse("unknown_code");
	if (device?.status === "revoked") return refuse("key_revoked");
	// A key lives in one appliance. Another serial under it is a copied disk image, and may not share the seat.
	if (device !== null && device.serial !== facts.serial) return refuse("serial_changed");
	const live = device !== null && holdsSeat(device.status);
	// Whatever became of the code since: whoever holds the key may ask again for the answer that it got.
	if (live && device.usedThisCode) return { ok: true, kind: "same", overage: false };
	if (code.revoked) return refuse("code_revoked");
	if (now >= code.expiresAt) return refuse("code_expired");
	if ((code.serial ?? facts.serial) !== facts.serial || (code.model ?? facts.model) !== facts.model) {
		return refuse("code_bound");
	}
	if (live && device.license === license.id) return { ok: true, kind: "same", overage: false };
	const ownUse = device?.usedThisCode === true;
	if (code.used >= code.uses && !ownUse) return refuse("code_used_up");
	if (license.status !== "active") return refuse(`license_${license.status}`);
	if (licenseHasEnded(license, now)) return refuse("license_expired");
	if (facts.serialHeldByOther) return refuse("serial_taken");
	const overage = facts.seatsTaken >= license.seats;
	if (overage && license.overage === "refuse") return refuse("no_seat_left");
	return { ok: true, kind: device === null ? "new" : live ? "moved" : "returned", overage };
}

function refuse(reason: ActivationRefusal): ActivationDecision {
	return { ok: false, reason };
}

export type StatusChangeRefusal = "device_revoked" | "device_suspended" | "device_deactivated";

export type StatusChangeDecision =
	| { readonly ok: true; readonly changed: boolean }
	| { readonly ok: false; readonly reason: StatusChangeRefusal };

/**
 * @param current status of the device
 * @param wanted status to be; "deactivated" is the device's own wish, the others are an operator's
 * @returns whether that may be, and whether it is a change
 */
export function decideStatusChange(current: DeviceStatus, wanted: DeviceStatus): StatusChangeDecision {
	if (current === wanted) return { ok: true, changed: false };
	switch (current) {
		case "active":
			return { ok: true, changed: true };
		case "suspended":
			// Or a suspended device would deactivate itself and come back active under a code that has a use left.
			return wanted === "deactivated" ? { ok: false, reason: "device_suspended" } : { ok: true, changed: true };
		case "revoked":
			// Final. A device that leaves after it was revoked has what it wants: it holds nothing any more.
			return wanted === "deactivated" ? { ok: true, changed: false } : { ok: false, reason: "device_revoked" };
		case "deactivated":
			// It holds no seat; only an activation, which asks for one, makes it active again.
			return wanted === "revoked" ? { ok: true, changed: true } : { ok: false, reason: "device_deactivated" };
	}
}
