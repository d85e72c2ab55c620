// May this device have this product now? The one place that answers it; check, permit and /v1/entitlements all ask here.
// After the end of a license a device climbs down a ladder: everything (grace), emergency releases only, nothing new. No
// step of it takes away what is installed. A product for every registered device asks the license for nothing.
import type { PassCode, RefusalCode } from "./decision-codes.ts";
import type { DeviceProfile, Grant } from "./devices/device-record.ts";
import type { Entitled } from "./entitled.ts";

export const DECISIONS = ["active", "grace", "critical", "refused"] as const;
export type Decision = (typeof DECISIONS)[number];

/** `holdsUntil`: unix seconds at which the answer changes if nothing but time passes; Infinity = never. */
export type Pass = {
	readonly decision: Exclude<Decision, "refused">;
	readonly holdsUntil: number;
} & (
	| { readonly code: Exclude<PassCode, "registered">; readonly grant: Grant }
	/** what its license says of it all the same; null = nothing, or it has none */
	| { readonly code: "registered"; readonly grant: Grant | null }
);
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

/**
 * @param now unix seconds
 * @param entitled who may have the product (`entitledTo`); of one for every registered device, whatever a license would refuse or narrow is
 *   `registered`, and the device's own state counts alone
 */
export function decideEntitlement(
	device: EntitledDevice,
	product: string,
	now: number,
	entitled: Entitled = "licensed",
): Entitlement {
	const licensed = decideByLicense(device, product, now);
	if (entitled !== "registered" || !isOfLicense(licensed.code)) return licensed;
	const { grant } = licensed;
	const holdsUntil = licensed.code === "not_yet_valid" ? licensed.holdsUntil : Infinity;
	return { decision: "active", code: "registered", grant, holdsUntil };
}

/** @returns whether the answer is its license's, and not its own registration's or a full one */
function isOfLicense(code: Entitlement["code"]): boolean {
	switch (code) {
		case "critical_only":
		case "expired":
		case "not_yet_valid":
		case "not_included":
		case "license_suspended":
		case "license_revoked":
			return true;
		case "active":
		case "grace":
		case "registered":
		case "suspended":
		case "revoked":
		case "deactivated":
		case "seat_lost":
			return false;
	}
}

function decideByLicense(device: EntitledDevice, product: string, now: number): Entitlement {
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
