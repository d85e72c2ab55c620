// How much of a license is used: seats, who holds them, its devices, refusals and daily peaks. Read from counts that are kept
// along and from indexes; nothing is written.
import type { DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import type { License } from "../../../entitlement/licenses/license.ts";
import { dayOf, type PeakOfDay, peaksOf } from "../../../entitlement/seats/seat-peaks.ts";
import { REFUSALS_KEPT_SECONDS } from "../../../entitlement/seats/seat-refusal.ts";
import type { DeskParts } from "../desk.ts";

export interface LicenseUsage {
	readonly license: License;
	readonly seatsTaken: number;
	/** as in LicenseInfo */
	readonly seatsPromised: number;
	/** how many of the seats taken are held by HA groups */
	readonly groupSeats: number;
	readonly devices: Readonly<Record<DeviceStatus, number>>;
	/** devices, HA groups and serial numbers for which the trail tells of a refused seat within the last day */
	readonly refusedLately: number;
	/** the earliest first; today is the last */
	readonly peaks: readonly PeakOfDay[];
}

/** @param now unix seconds @param days how many of peaks are wanted, today with them */
export function usageOf(
	{ devices, groups, seats, seatDesk, seatHistory }: DeskParts,
	license: License,
	now: number,
	days: number,
): LicenseUsage {
	const today = dayOf(now);
	const seatsTaken = seats.taken(license.id, now);
	const written = seatHistory.days(license.id, today - days + 1);
	return {
		license,
		seatsTaken,
		seatsPromised: seatDesk.promisedBy(license.id, now),
		groupSeats: groups.seatsOfGroups(license.id, now),
		devices: devices.countByStatus(license.id),
		refusedLately: seatHistory.refusalsSince(license.id, now - REFUSALS_KEPT_SECONDS),
		peaks: peaksOf({ written, taken: seatsTaken, today, days }),
	};
}
