// The trail of an account, all of it or what is about one device.
import { readTrail, type TrailPage, type TrailQuery } from "../audit.ts";
import type { DeviceTables } from "./devices/device-tables.ts";

/** @param device only what is about it and those that it replaced; not given = everything @returns null where there is no such device */
export function readAccountTrail(
	sql: SqlStorage,
	devices: DeviceTables,
	query: TrailQuery,
	device: string | undefined,
): TrailPage | null {
	if (device === undefined) return readTrail(sql, query);
	const subjects = devices.lineage(device);
	return subjects.length === 0 ? null : readTrail(sql, { ...query, subjects });
}
