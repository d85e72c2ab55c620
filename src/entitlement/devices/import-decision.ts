// What becomes of a device that an operator vouches for, without a code: the seat by the same rule as of an activation, and
// the rest as the operator gives it. Pure; the Account object gathers the facts, decides and writes in one transaction.
import type { Labels } from "../../names.ts";
import { type ActivationKind, decideSeat, type KnownDevice, type SeatFacts, type SeatRefusal } from "./activation.ts";
import type { DeviceStatus } from "./device-record.ts";

/** What a device is said to be, as far as it may change. */
interface Description {
	readonly model: string;
	readonly labels: Labels;
	readonly dpopBound: boolean;
}

export interface ImportFacts extends Omit<SeatFacts, "deviceWithSameKey"> {
	readonly deviceWithSameKey: (KnownDevice & Description) | null;
	/** what the line says; what it does not name is undefined */
	readonly given: {
		readonly model: string;
		readonly labels: Labels | undefined;
		readonly dpopBound: boolean | undefined;
		readonly status: "active" | "suspended" | undefined;
	};
}

/** other_license: the HA group is not of the license that the line names */
export type ImportRefusal = "unknown_license" | "unknown_ha_group" | "other_license" | SeatRefusal;

/** As of an activation; changed: it has its seat, and is described otherwise from now on. */
export type ImportKind = ActivationKind | "changed";

export type ImportDecision =
	| {
			readonly ok: true;
			readonly kind: ImportKind;
			/** the device as it is to be */
			readonly device: Description & { readonly status: DeviceStatus };
	  }
	| { readonly ok: false; readonly reason: SeatRefusal };

/**
 * What a line does not name stays as it is. The status counts only where a device takes its first seat, or one again: an old
 * file must not lift a suspension, and to suspend is a decision of its own.
 * @returns what a line of an import comes to; the same line again comes to "same"
 */
export function decideImport(facts: ImportFacts): ImportDecision {
	const { deviceWithSameKey: known, given } = facts;
	const seat = decideSeat(facts);
	if (!seat.ok) return seat;
	const keepsStatus = seat.kind === "same" || seat.kind === "moved";
	const device = {
		model: given.model,
		labels: given.labels ?? known?.labels ?? {},
		// Bound unless it is said otherwise: an unbound device costs a call of ReplayGuard for each token, and its tokens end after an hour.
		dpopBound: given.dpopBound ?? known?.dpopBound ?? true,
		status: (keepsStatus ? known?.status : given.status) ?? "active",
	};
	const isChanged = seat.kind === "same" && known !== null && !isSameDescription(known, device);
	return { ...seat, kind: isChanged ? "changed" : seat.kind, device };
}

function isSameDescription(left: Description, right: Description): boolean {
	const names = Object.keys(left.labels);
	return (
		left.model === right.model &&
		left.dpopBound === right.dpopBound &&
		names.length === Object.keys(right.labels).length &&
		names.every((name) => left.labels[name] === right.labels[name])
	);
}
