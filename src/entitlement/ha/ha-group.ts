// HA groups: devices that protect the same place. They share one seat and one entitlement. Pure rules; the Account object
// gathers the facts, decides and writes in one transaction.
import { z } from "zod";
import type { DeviceStatus } from "../devices/device-record.ts";
import { holdsSeat, type License } from "../licenses/license.ts";

/** active-passive: one of them passes traffic; active-active: all do */
export const haMode = z.enum(["active-passive", "active-active"]);
export type HaMode = z.infer<typeof haMode>;

/** What a device says of itself with its checks. */
export const haRole = z.enum(["active", "passive"]);
export type HaRole = z.infer<typeof haRole>;

/** Devices of one group. */
export const MAX_HA_MEMBERS = 16;

export const SKEW_LIMIT_DEFAULT_SECONDS = 24 * 3_600;

export interface HaGroupName {
	readonly id: string;
	readonly license: string;
}

export interface JoinFacts {
	readonly device: { readonly status: DeviceStatus; readonly license: string; readonly haGroup: string | null };
	readonly group: HaGroupName;
	/** devices that the group has, in whatever status */
	readonly members: number;
}

export type JoinRefusal = "device_revoked" | "device_deactivated" | "other_license" | "other_group" | "ha_group_full";
export type JoinDecision =
	| { readonly ok: true; readonly changed: boolean }
	| { readonly ok: false; readonly reason: JoinRefusal };

/**
 * A device that an operator puts into a group brings its seat along, so none has to be free: if the group has one, the
 * device's own is given up. One that lost its lease has none to bring, and asks for the group's with its next token.
 * @returns whether a device may join a group, and whether it is not in it already
 */
export function decideJoin({ device, group, members }: JoinFacts): JoinDecision {
	if (device.haGroup === group.id) return { ok: true, changed: false };
	const refuse = (reason: JoinRefusal) => ({ ok: false, reason }) as const;
	if (device.status === "revoked") return refuse("device_revoked");
	if (device.status === "deactivated") return refuse("device_deactivated");
	if (device.license !== group.license) return refuse("other_license");
	if (device.haGroup !== null) return refuse("other_group");
	return members >= MAX_HA_MEMBERS ? refuse("ha_group_full") : { ok: true, changed: true };
}

export interface LeaveFacts {
	/** statuses of the devices that leave */
	readonly leaving: readonly DeviceStatus[];
	/** statuses of those that stay */
	readonly staying: readonly DeviceStatus[];
	/** whether the group has its seat; not so when its lease is over */
	readonly hasSeat: boolean;
	readonly license: Pick<License, "seats" | "overage">;
	/** seats of the license that are taken, the group's among them */
	readonly seatsTaken: number;
}

export type LeaveDecision = { readonly ok: true } | { readonly ok: false; readonly reason: "no_seat_left" };

/**
 * Each device that leaves takes a seat of its own, if it shared one; the last of those that shared it keeps it.
 * @returns whether devices may leave their group, all of them or none
 */
export function decideLeave({ leaving, staying, hasSeat, license, seatsTaken }: LeaveFacts): LeaveDecision {
	const sharing = hasSeat ? leaving.filter(holdsSeat).length : 0;
	const needed = sharing > 0 && !staying.some(holdsSeat) ? sharing - 1 : sharing;
	const isTooMuch = needed > 0 && seatsTaken + needed > license.seats && license.overage === "refuse";
	return isTooMuch ? { ok: false, reason: "no_seat_left" } : { ok: true };
}
