// What an Account publishes, each as the step that delivers it: a record per device and per HA group, and whom the Directory
// is to have refused.
import { channelLabels } from "../../content/releases/channel.ts";
import type { DeviceRecord } from "../../entitlement/devices/device-record.ts";
import { accountObjectName, isHaGroupId } from "../../entitlement/ids.ts";
import { deviceKey, haGroupKey } from "../../storage/keys.ts";
import { formatRecord } from "../../storage/record-store.ts";
import { RECORD_LIFE_SECONDS } from "../../storage/sealed-records.ts";
import type { DenyStep, OutboxStep, RecordStep } from "../outbox/outbox-rows.ts";
import type { OwnedRecords } from "../outbox/record-pages.ts";
import type { Republisher } from "../outbox/republisher.ts";
import type { AccountInfo } from "./account-tables.ts";
import type { DeskParts } from "./desk.ts";
import type { Device, DeviceTables } from "./devices/device-tables.ts";
import type { HaReports } from "./ha/ha-reports.ts";

/** Edges' clocks differ, and accept a token a little past its end: a denial outlives every token by this much. */
export const DENIAL_MARGIN_SECONDS = 300;

export function deviceStep({ replaces: _, replacedBy: __, ...body }: Device): RecordStep {
	const { id, version } = body;
	return { kind: "record", key: deviceKey(id), version, body: body satisfies DeviceRecord };
}

/**
 * A record from before the change may come back to a store, by a late write, a backup or a thief, and count until the end that
 * is sealed into it: the Directory tells every edge for so long, and for as long as a token that was made from it.
 * @param since unix seconds of the change @param tokensEndAfter seconds after which no token from before is left
 */
export function accessStep(device: Device, since: number, tokensEndAfter: number): OutboxStep {
	return device.status === "active" ? allowStep(device, 0) : denyStep(device, since, tokensEndAfter);
}

/**
 * A device leaves a fixed license for an elastic one. Its record from before asks for no lease, so should the device be denied
 * while that one still counts, the denial is to last for as long.
 * @param since unix seconds of the move @param tokensEndAfter as of `accessStep`
 */
export function leaveFixedStep(device: Device, since: number, tokensEndAfter: number): OutboxStep {
	return allowStep(device, since + RECORD_LIFE_SECONDS + tokensEndAfter);
}

/**
 * A device under an elastic license gets no token without its Account, whatever a record from then says (routes/device/oauth/token.ts);
 * of one from before: `leaveFixedStep`.
 */
function denyStep({ id, version, lease }: Device, since: number, tokensEndAfter: number): DenyStep {
	const recordsEndAfter = lease === null ? RECORD_LIFE_SECONDS : 0;
	return { kind: "deny", scope: "device", id, version, until: since + recordsEndAfter + tokensEndAfter };
}

/** Tells the edges that what they and the devices hold of this account is outdated. @param now as `since` above */
export function licenseEpochStep(
	{ id, licenseEpoch: version }: AccountInfo,
	now: number,
	tokensEndAfter: number,
): DenyStep {
	return {
		kind: "deny",
		scope: "licenseEpoch",
		id: accountObjectName(id),
		version,
		until: now + RECORD_LIFE_SECONDS + tokensEndAfter,
	};
}

/**
 * What is published of a change of one device that stays active. A change by which it may have less, or at another time, ends its
 * tokens as well: a check gives downloads by what they say (routes/device/direct-download.ts).
 * @param now as `since` above
 */
export function changedSteps(before: Device, after: Device, now: number, tokensEndAfter: number): OutboxStep[] {
	const record = deviceStep(after);
	if (JSON.stringify(termsOf(before)) === JSON.stringify(termsOf(after))) return [record];
	const { id, version } = after;
	const until = now + RECORD_LIFE_SECONDS + tokensEndAfter;
	return [record, { kind: "deny", scope: "licenseEpoch", id, version, until }];
}

/** All of a device's record that a permit goes by (routes/device/permits.ts), but for what is told otherwise: its status. */
function termsOf({ license, haGroup, hold, lease, grants, policy, labels }: Device) {
	return { license, haGroup, hold, lease, grants, policy, channels: channelLabels(labels) };
}

function allowStep({ id, version }: Device, until: number): OutboxStep {
	return { kind: "allow", scope: "device", id, version, until };
}

/** The devices' records in the order of their ids. A page is named by the last id of the one before. */
export function deviceRecords(tables: DeviceTables, after: string, limit: number): ReturnType<OwnedRecords["read"]> {
	const devices = tables.devices(after, limit);
	const last = devices.length === limit ? devices.at(-1) : undefined;
	return { steps: devices.map(deviceStep), next: last?.id ?? null };
}

/** All devices, and after them all HA groups, each in the order of their ids. */
export function accountRecords({
	devices: tables,
	haReports: groups,
	account,
	transfers,
}: Pick<DeskParts, "devices" | "haReports" | "account" | "transfers">): OwnedRecords {
	return {
		// Those behind it are still to be written anew after the license epoch was raised; all will be when seats have gone over.
		isPending(key) {
			const renewedTo = transfers.moving() === null ? account.renewedTo() : "";
			return renewedTo !== null && key.startsWith(deviceKey("")) && key > deviceKey(renewedTo);
		},
		read(after, limit) {
			const isPastDevices = isHaGroupId(after);
			const devices = isPastDevices ? { steps: [], next: null } : deviceRecords(tables, after, limit);
			if (devices.next !== null) return devices;
			const room = limit - devices.steps.length;
			const found = groups.steps(isPastDevices ? after : "", room);
			return {
				steps: [...devices.steps, ...found.map(({ step }) => step)],
				next: found.length === room ? (found.at(-1)?.id ?? null) : null,
			};
		},
	};
}

/** @returns what is to be stored under a key; null = nothing that this account knows of */
export function stepOf(key: string, tables: DeviceTables, groups: HaReports): RecordStep | null {
	const [ofDevices, ofGroups] = [deviceKey(""), haGroupKey("")];
	if (key.startsWith(ofGroups)) return groups.step(key.slice(ofGroups.length));
	const device = key.startsWith(ofDevices) ? tables.device(key.slice(ofDevices.length)) : null;
	return device === null ? null : deviceStep(device);
}

/** @returns the record in its stored form, as the stores should have it; they get it again soon */
export function readOwnRecord(
	{ devices, haReports }: Pick<DeskParts, "devices" | "haReports">,
	republisher: Republisher,
	key: string,
): string | null {
	const step = stepOf(key, devices, haReports);
	if (step !== null) republisher.offer(step);
	return step && formatRecord(key, step);
}
