// What each store holds of one device, beside the truth of its Account. One read per store; writes nothing.
import { type DeviceRecord, deviceRecord } from "../../entitlement/devices/device-record.ts";
import type { Clock } from "../clock.ts";
import { deviceKey } from "../keys.ts";
import { type RecordReader, RecordStoreError } from "../record-store.ts";
import type { RecordStoreName } from "../record-store-names.ts";
import { within } from "../time-limit.ts";

/** behind, ahead: another version than the truth; missing: none; unreadable: something that is not this device's record */
export type CopyState = "current" | "behind" | "ahead" | "missing" | "unreadable" | "unreachable";

export interface DeviceCopy {
	readonly name: RecordStoreName;
	readonly state: CopyState;
	/** null where there is none to be read */
	readonly version: number | null;
	readonly record: DeviceRecord | null;
}

const PROBE_TIMEOUT_MS = 1_000;

/**
 * @param trueVersion of the device's record, as its Account has it
 * @returns one copy per store, in their order; never rejects for a store that fails
 */
export function probeDevice(
	stores: readonly { readonly name: RecordStoreName; readonly store: RecordReader }[],
	deviceId: string,
	trueVersion: number,
	clock: Clock,
): Promise<DeviceCopy[]> {
	const key = deviceKey(deviceId);
	return Promise.all(
		stores.map(async ({ name, store }): Promise<DeviceCopy> => {
			const nothing = { name, version: null, record: null };
			try {
				const found = await within(clock, PROBE_TIMEOUT_MS, key, store.get(key));
				if (found === null) return { ...nothing, state: "missing" };
				const { version } = found;
				const parsed = deviceRecord.safeParse(found.body);
				if (!parsed.success) return { ...nothing, state: "unreadable", version };
				return { name, state: judge(version, trueVersion), version, record: parsed.data };
			} catch (error) {
				const answered = error instanceof RecordStoreError && error.code !== "unreachable";
				return { ...nothing, state: answered ? "unreadable" : "unreachable" };
			}
		}),
	);
}

function judge(version: number, trueVersion: number): CopyState {
	if (version === trueVersion) return "current";
	return version < trueVersion ? "behind" : "ahead";
}
