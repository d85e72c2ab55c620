// Which status of a device may follow which. Pure.
import type { DeviceStatus } from "./device-record.ts";

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
