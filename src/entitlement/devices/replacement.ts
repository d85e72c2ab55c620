// Replacing a device (RMA): another appliance takes over what it had. Pure rules; the Account object gathers the facts,
// decides and writes in one transaction.
import { isSameSerial } from "../../names.ts";
import type { DeviceStatus } from "./device-record.ts";

export interface ReplacementFacts {
	/** what took the place of the device before; null = nothing yet */
	readonly replacedBy: { readonly id: string; readonly serial: string } | null;
	/** the other device that may have a seat under the new serial number, because it activated by itself; null = none */
	readonly successor: { readonly id: string; readonly status: DeviceStatus; readonly model: string } | null;
	/** of the new appliance */
	readonly serial: string;
	/** null = any */
	readonly model: string | null;
}

/**
 * done: it was replaced by this appliance before, the answer was lost; now: the appliance is there already, and takes over at
 * once; awaited: it takes over when it activates
 */
export type ReplacementDecision =
	| { readonly ok: true; readonly kind: "done" | "now"; readonly by: string }
	| { readonly ok: true; readonly kind: "awaited" }
	| { readonly ok: false; readonly reason: ReplacementRefusal; readonly by: string };
export type ReplacementRefusal = "already_replaced" | "successor_suspended" | "other_model";

/** @returns what a request to replace a device comes to; whether there is a seat for the other one is asked after it */
export function decideReplacement({ replacedBy, successor, serial, model }: ReplacementFacts): ReplacementDecision {
	if (replacedBy !== null) {
		const { id: by } = replacedBy;
		return isSameSerial(replacedBy.serial, serial)
			? { ok: true, kind: "done", by }
			: { ok: false, reason: "already_replaced", by };
	}
	if (successor === null) return { ok: true, kind: "awaited" };
	const { id: by } = successor;
	// A suspended device may be on its way out itself; the operator who suspended it should decide.
	if (successor.status !== "active") return { ok: false, reason: "successor_suspended", by };
	if (model !== null && successor.model !== model) return { ok: false, reason: "other_model", by };
	return { ok: true, kind: "now", by };
}
