// May this device have this product now? The one place that answers it; check, permit and /v1/entitlements all ask here.
import type { DeviceProfile, Grant } from "./device-record.ts";

/** Why a device gets nothing. A closed list: each has its row in the catalogue of problems. */
export type RefusalCode = "not_included" | "not_yet_valid" | "expired" | "suspended" | "revoked" | "deactivated";

/** `holdsUntil`: unix seconds at which the answer changes if nothing but time passes; Infinity = never. */
export type Entitlement =
	| {
			readonly decision: "active" | "grace";
			readonly code: "active" | "grace";
			readonly grant: Grant;
			readonly holdsUntil: number;
	  }
	| {
			readonly decision: "refused";
			readonly code: RefusalCode;
			readonly grant: Grant | null;
			readonly holdsUntil: number;
	  };

/** @param now unix seconds */
export function decideEntitlement(
	device: Pick<DeviceProfile, "status" | "grants">,
	product: string,
	now: number,
): Entitlement {
	const grant = Object.hasOwn(device.grants, product) ? (device.grants[product] ?? null) : null;
	if (device.status !== "active") return { decision: "refused", code: device.status, grant, holdsUntil: Infinity };
	if (grant === null) return { decision: "refused", code: "not_included", grant, holdsUntil: Infinity };
	if (now < grant.from) return { decision: "refused", code: "not_yet_valid", grant, holdsUntil: grant.from };
	if (now < grant.until) return { decision: "active", code: "active", grant, holdsUntil: grant.until };
	const graceUntil = grant.until + grant.grace;
	if (now < graceUntil) return { decision: "grace", code: "grace", grant, holdsUntil: graceUntil };
	return { decision: "refused", code: "expired", grant, holdsUntil: Infinity };
}
