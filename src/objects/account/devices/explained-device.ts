// What an answer to a device rests on, as its Account knows it. Nothing is decided here.
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import type { DeviceState } from "../../../fleet/device-state.ts";
import type { ToldAnchors } from "../../../fleet/trust-anchors.ts";
import type { AccountDesks } from "../account-desks.ts";
import type { HaLock } from "../ha/ha-lock-info.ts";
import type { HaState } from "../ha/ha-reports.ts";
import type { LicenseInfo } from "../licenses/license-desk.ts";
import type { Seat } from "../seats/seat-tables.ts";
import { type Device, seatHolder } from "./device-tables.ts";
import { isRefused, type Suspension } from "./suspension-trail.ts";

export interface ExplainedDevice {
	readonly device: Device;
	/** with the seats that are taken */
	readonly license: LicenseInfo | null;
	/** the device's own or its HA group's, though its lease may be over */
	readonly seat: Seat | null;
	/** its HA group as the devices describe it; null = it is in none */
	readonly ha: HaState | null;
	/** of that group */
	readonly haLocks: readonly HaLock[];
	/** of the device, where it is not active, and of its license likewise */
	readonly suspensions: readonly Suspension[];
	/** what it has said of itself */
	readonly state: DeviceState;
	/** what its updates rest on; null = it has not said; left out by objects of an earlier deployment */
	readonly anchors?: ToldAnchors | null;
}

/** @param now unix seconds @returns null where there is no such device */
export function explainDevice(
	{ devices, groups, licenseDesk, seats, haReports, haLocks, suspensions, states, anchors }: AccountDesks,
	deviceId: string,
	now: number,
): ExplainedDevice | null {
	const device = devices.device(deviceId);
	if (device === null) return null;
	const group = device.haGroup === null ? null : groups.group(device.haGroup);
	const license = licenseDesk.read(device.license, now);
	return {
		device,
		license,
		seat: holdsSeat(device.status) ? seats.seat(seatHolder(device)) : null,
		ha: group && haReports.describe(group),
		haLocks: group === null ? [] : haLocks.describe(group.id, now),
		state: states.state(deviceId),
		anchors: anchors.anchors(deviceId),
		suspensions: [
			...(isRefused(device.status) ? suspensions.of(device.id) : []),
			...(license !== null && isRefused(license.status) ? suspensions.of(license.id) : []),
		],
	};
}
