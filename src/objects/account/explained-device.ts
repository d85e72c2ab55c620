// What an answer to a device rests on, as its Account knows it. Nothing is decided here.
import { holdsSeat } from "../../entitlement/license.ts";
import type { AccountDesks } from "./account-desks.ts";
import { type Device, seatHolder } from "./device-tables.ts";
import type { HaState } from "./ha/ha-reports.ts";
import type { LicenseInfo } from "./licenses/license-desk.ts";
import type { Seat } from "./seats/seat-tables.ts";

export interface ExplainedDevice {
	readonly device: Device;
	/** with the seats that are taken */
	readonly license: LicenseInfo | null;
	/** the device's own or its HA group's, though its lease may be over */
	readonly seat: Seat | null;
	/** its HA group as the devices describe it; null = it is in none */
	readonly ha: HaState | null;
}

/** @param now unix seconds @returns null where there is no such device */
export function explainDevice(
	{ devices, groups, licenseDesk, seats, haReports }: AccountDesks,
	deviceId: string,
	now: number,
): ExplainedDevice | null {
	const device = devices.device(deviceId);
	if (device === null) return null;
	const group = device.haGroup === null ? null : groups.group(device.haGroup);
	return {
		device,
		license: licenseDesk.read(device.license, now),
		seat: holdsSeat(device.status) ? seats.seat(seatHolder(device)) : null,
		ha: group && haReports.describe(group),
	};
}
