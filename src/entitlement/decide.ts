// May this device have this product now? The one place that answers it; check, permit and /v1/entitlements all ask here.
// After the end of a license a device climbs down a ladder: everything (grace), emergency releases only, nothing new. No
// step of it takes away what is installed.
import type { PassCode, RefusalCode } from "./decision-codes.ts";
import type { DeviceProfile, Grant } from "./devices/device-record.ts";

export const DECISIONS = ["active", "grace", "critical", "refused"] as const;
export type Decision = (typeof DECISIONS)[number];

/** `holdsUntil`: unix seconds at which the answer changes if nothing but time passes; Infinity = never. */
export interface Pass {
	readonly decision: Exclude<Decision, "refused">;
	readonly code: PassCode;
	readonly grant: Grant;
	readonly holdsUntil: number;
}
export interface Refusal {
	readonly decision: "refused";
	readonly code: RefusalCode;
	readonly grant: Grant | null;
	readonly holdsUntil: number;
}
export type Entitlement = Pass | Refusal;

/** What of a device is decided on. */
export interface EntitledDevice extends Pick<DeviceProfile, "status" | "hold" | "grants"> {
	/** whether its lease is over and no seat is free, so that it gets no token; who asks with a token has a seat */
	readonly seatLost?: boolean;
}

/** @param now unix seconds */
export function decideEntitlement(device: EntitledDevice, product: string, now: number): Entitlement {
	const grant = Object.hasOwn(device.grants, product) ? (device.grants[product] ?? null) : null;
	const refuse = (code: RefusalCode, holdsUntil = Infinity) =>
		({ decision: "refused", code, grant, holdsUntil }) as const;
	if (device.status !== "active") return refuse(device.status);
	if (device.seatLost === true) return refuse("seat_lost");
	if (device.hold !== null) return refuse(device.hold);
	if (grant === null) return refuse("not_included");
	if (now < grant.from) return refuse("not_yet_valid", grant.from);
	if (now < grant.until) return { decision: "active", code: "active", grant, holdsUntil: grant.until };
	const graceUntil = grant.until + grant.grace;
	if (now < graceUntil) return { decision: "grace", code: "grace", grant, holdsUntil: graceUntil };
	const criticalUntil = graceUntil + grant.critical;
	if (now < criticalUntil) return { decision: "critical", code: "critical_only", grant, holdsUntil: criticalUntil };
	return refuse("expired");
}
