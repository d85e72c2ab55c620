// Who is refused although a token or a record may still say otherwise: the list, and the parts into which it is folded once
// it is long, so that news of one device makes no edge read all of them, and no record outgrows the row that it waits in. What
// the list says counts before what a part says.
import { z } from "zod";
import type { DeviceProfile } from "../entitlement/devices/device-record.ts";

/** `dev-` and then the name of the account's object (entitlement/ids.ts). Cut out, because the hottest path asks. */
const ACCOUNT_NAME_START = 4;
const ACCOUNT_NAME_END = 14;

/**
 * What a denial is about. `licenseEpoch` refuses no device; it says that tokens and records of an earlier epoch are outdated: of an
 * account's devices, by its license epoch, or of one device, by the version of its record.
 */
export type DenialScope = "device" | "licenseEpoch";

const entries = z.record(z.string(), z.int().nonnegative());

/** `denied-<part>-of-<count>@<revision>` */
export const deniedPart = z.object({
	/** id → unix seconds of the end; in the list also 0: let in again, whatever a part says */
	devices: entries,
	/**
	 * Object name of an account → its license epoch: how often its licenses have changed for its devices. A token or a
	 * device's record of an earlier epoch is outdated and must be fetched anew. Also id of a device → version of its record
	 * before which what a token or a record says of this one device is outdated.
	 */
	licenseEpochs: entries,
});
export type DeniedPart = z.infer<typeof deniedPart>;

/** `denied@<revision>` */
export const deniedRecord = deniedPart.extend({
	revision: z.int().nonnegative(),
	/** left out while the list is short; `revision` of all parts */
	parts: z.object({ count: z.int().positive(), revision: z.int().positive() }).optional(),
});
export type DeniedRecord = z.infer<typeof deniedRecord>;

export interface DeniedList {
	readonly denied: DeniedRecord;
	/** as many as `denied` names, in their order */
	readonly deniedParts: readonly DeniedPart[];
}

/** @param id of a device, or object name of an account @param count of parts, at least 1 @returns number of the part that has it, if any has */
export function partOf(id: string, count: number): number {
	// FNV-1a: even for whatever ids there are, and cheap for a request that has to be nearly free.
	let hash = 0x81_1c_9d_c5;
	for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01_00_01_93);
	return (hash >>> 0) % count;
}

/** @returns unix seconds until which the device is refused, which is for the Directory to end; undefined = it is not */
export function deniedUntil({ denied, deniedParts }: DeniedList, deviceId: string): number | undefined {
	const until = denied.devices[deviceId] ?? partWith(deniedParts, deviceId)?.devices[deviceId];
	return until === 0 ? undefined : until;
}

/** @param deviceId of the form that ids have @returns the license epoch of its account; 0 = no change of late */
export function licenseEpochOf({ denied, deniedParts }: DeniedList, deviceId: string): number {
	const name = deviceId.slice(ACCOUNT_NAME_START, ACCOUNT_NAME_END);
	return epochIn(denied, name) ?? epochIn(partWith(deniedParts, name), name) ?? 0;
}

/** @returns version of the device's record before which tokens and records of it are outdated; 0 = no change of late */
export function deviceChangeOf({ denied, deniedParts }: DeniedList, deviceId: string): number {
	return denied.licenseEpochs[deviceId] ?? partWith(deniedParts, deviceId)?.licenseEpochs[deviceId] ?? 0;
}

/** Whether what was made of the device at that time must not be decided on any more. */
export function isOutdated(
	list: DeniedList,
	{ id, licenseEpoch, version = 0 }: Pick<DeviceProfile, "id" | "licenseEpoch" | "version">,
): boolean {
	return licenseEpoch < licenseEpochOf(list, id) || version < deviceChangeOf(list, id);
}

function partWith(parts: readonly DeniedPart[], id: string): DeniedPart | undefined {
	return parts.length === 0 ? undefined : parts[partOf(id, parts.length)];
}

function epochIn(part: DeniedPart | undefined, name: string): number | undefined {
	return part !== undefined && Object.hasOwn(part.licenseEpochs, name) ? part.licenseEpochs[name] : undefined;
}
