// An HA group on the wire: what is given to make and to change one, and how it is shown.
import { z } from "@hono/zod-openapi";
import { haMode, MAX_HA_MEMBERS, SKEW_LIMIT_DEFAULT_SECONDS } from "../../../entitlement/ha/ha-group.ts";
import { isLicenseId } from "../../../entitlement/ids.ts";
import type { HaGroupInfo, HaSettings } from "../../../objects/account/ha/ha-desk.ts";
import { displayName } from "../../../plain-text.ts";
import { timestamp, toTimestamp, toTimestampOrNull } from "../../http/openapi.ts";
import { describeHaDevices, describeHaState, haDeviceBody, haStateFields } from "./ha-body.ts";

const MAX_SKEW_HOURS = 24 * 365;

const skewHours = z.number().positive().max(MAX_SKEW_HOURS).openapi({
	description: "How long its devices may run different versions before that is an event; 24 if left out",
});
export const haGroupBody = z
	.object({
		ha_group: z.string(),
		name: z.string(),
		mode: haMode,
		license: z.string().openapi({ description: "Of all its devices" }),
		skew_limit_hours: z.number(),
		holds_seat: z.boolean().openapi({ description: "One for all of its devices" }),
		lease_until: timestamp
			.nullable()
			.openapi({ description: "End of the lease on its seat; null = no seat, or for good" }),
		devices: z
			.array(haDeviceBody)
			.openapi({ description: "Also those that are deactivated or revoked and were not replaced yet" }),
		...haStateFields,
		created_at: timestamp,
	})
	.openapi("HaGroup");
export const settledHaGroupBody = haGroupBody.extend({ published: z.boolean() }).openapi("ChangedHaGroup");

const sync = haStateFields.sync.openapi({
	description:
		"Whether its devices bring each other up to date, so that a permit of one is for all; `false` if left out",
});
const settings = z.strictObject({ name: displayName, mode: haMode, skew_limit_hours: skewHours, sync });
export const changedHaSettings = settings.partial().openapi("ChangedHaSettings");
export const newHaGroup = settings
	.partial({ skew_limit_hours: true, sync: true })
	.extend({
		license: z.string().refine(isLicenseId, "a license looks like lic-…"),
		devices: z
			.array(z.string().max(64))
			.max(MAX_HA_MEMBERS)
			.refine((devices) => new Set(devices).size === devices.length, "a device is named twice")
			.optional()
			.openapi({ description: "Devices that join it; all of them or none" }),
	})
	.openapi("NewHaGroup");

/** @returns the settings of a new group, with its license and the devices that join it */
export function newSettings({
	skew_limit_hours: hours,
	devices = [],
	sync = false,
	...given
}: z.infer<typeof newHaGroup>) {
	return { ...given, devices, sync, skewLimitSeconds: secondsOf(hours) ?? SKEW_LIMIT_DEFAULT_SECONDS };
}

/** @returns only what was given */
export function changedSettings({
	skew_limit_hours: hours,
	name,
	mode,
	sync,
}: z.infer<typeof changedHaSettings>): Partial<HaSettings> {
	const skewLimitSeconds = secondsOf(hours);
	return {
		...(name === undefined ? {} : { name }),
		...(mode === undefined ? {} : { mode }),
		...(sync === undefined ? {} : { sync }),
		...(skewLimitSeconds === undefined ? {} : { skewLimitSeconds }),
	};
}

function secondsOf(hours: number | undefined): number | undefined {
	return hours === undefined ? undefined : Math.ceil(hours * 3_600);
}

export function describeHaGroup({
	id,
	seat,
	state,
	locks,
	skewLimitSeconds,
	createdAt,
	...group
}: HaGroupInfo): z.infer<typeof haGroupBody> {
	return {
		ha_group: id,
		name: group.name,
		mode: group.mode,
		license: group.license,
		skew_limit_hours: skewLimitSeconds / 3_600,
		holds_seat: seat !== null,
		lease_until: toTimestampOrNull(seat?.until),
		devices: describeHaDevices(state),
		...describeHaState(state, locks),
		created_at: toTimestamp(createdAt),
	};
}
