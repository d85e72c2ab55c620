// When is it an event that a device is not updated, not heard of, or soon not able to update? Pure. With hysteresis, so that a device at a
// threshold makes no noise: it is doubted first, and told only if that lasts; what was told ends once. The times here go with how late the
// state of a device is (fleet/device-state.ts): one that says nothing new is written down once in six hours.
import { LONGEST_UNTOLD_SECONDS } from "./told-installations.ts";

const HOUR = 3_600;
/** What is offered to a device and not installed for so long is late … */
const STALE_AFTER_SECONDS = 24 * HOUR;
/** … if the device was there: seen in the time after which it is heard again at the latest, and the hour to which that is known … */
const SEEN_WITHIN_SECONDS = LONGEST_UNTOLD_SECONDS + 2 * HOUR;
/** … and still has not installed it so much later. */
const STILL_SECONDS = 2 * HOUR;
/** A device asks at least once in six hours, and is known to have up to eight hours later; more than a day of that is silence. */
const SILENT_AFTER_SECONDS = 36 * HOUR;

/** What a device's updates rest on is to be replaced so long before it ends … */
const TRUST_EXPIRES_WITHIN_SECONDS = 30 * 24 * HOUR;
/** … and is well again where it lasts so much longer. */
const TRUST_MARGIN_SECONDS = 7 * 24 * HOUR;
/** A device says what it rests on once a day: behind two certificates it may see another root each time. */
const TRUST_STILL_SECONDS = 26 * HOUR;

export const WATCHED = ["stale", "silent", "trust_expiring"] as const;
export type Watched = (typeof WATCHED)[number];

/** What is known of a device in one respect. */
export interface Condition {
	/** unix seconds: since it was doubted, or told */
	readonly since: number;
	readonly isTold: boolean;
}

export type Conditions = Readonly<Record<Watched, Condition | null>>;
export const NO_CONDITIONS: Conditions = { stale: null, silent: null, trust_expiring: null };

export interface WatchedDevice {
	/** it may update, and its account has not given it up */
	readonly isActive: boolean;
	/** unix seconds, to the hour; null = it was never heard of */
	readonly heardAt: number | null;
	/** unix seconds since when something is offered to it that it has not installed; null = nothing is */
	readonly offeredAt: number | null;
	/** unix seconds: when the TLS root that it saw ends, or its certificate if that is sooner; null = neither is known */
	readonly trustEndsAt: number | null;
	/** its account has it stay as it is */
	readonly isHeld: boolean;
	/** it may install nothing now: held, in a freeze or outside its windows */
	readonly isPutOff: boolean;
}

export interface Judgement {
	readonly conditions: Conditions;
	readonly began: readonly Watched[];
	readonly ended: readonly Watched[];
}

/**
 * @param now unix seconds
 * @returns what is known after that, and what is to be told: nothing of a device that is held, or was given up
 */
export function watchDevice(device: WatchedDevice, before: Conditions, now: number): Judgement {
	if (!device.isActive) return { conditions: NO_CONDITIONS, began: [], ended: [] };
	const conditions = {
		stale: watchStale(device, before.stale, now),
		silent: watchSilent(device, before.silent, now),
		trust_expiring: watchTrust(device, before.trust_expiring, now),
	};
	const began = WATCHED.filter((kind) => conditions[kind]?.isTold === true && before[kind]?.isTold !== true);
	const ended = WATCHED.filter((kind) => conditions[kind]?.isTold !== true && before[kind]?.isTold === true);
	return { conditions, began, ended };
}

function watchStale(device: WatchedDevice, before: Condition | null, now: number): Condition | null {
	const { offeredAt, heardAt } = device;
	if (offeredAt === null) return null;
	if (before?.isTold) return before;
	if (now - offeredAt < STALE_AFTER_SECONDS) return null;
	if (device.isPutOff) return before;
	// One that is away installs nothing: that is silence, sooner or later.
	if (heardAt === null || now - heardAt > SEEN_WITHIN_SECONDS) return null;
	if (before === null) return { since: now, isTold: false };
	return now - before.since < STILL_SECONDS ? before : { since: now, isTold: true };
}

function watchSilent(device: WatchedDevice, before: Condition | null, now: number): Condition | null {
	const { heardAt } = device;
	if (heardAt === null || now - heardAt < SILENT_AFTER_SECONDS) return null;
	if (before !== null || device.isHeld) return before;
	return { since: now, isTold: true };
}

function watchTrust(device: WatchedDevice, before: Condition | null, now: number): Condition | null {
	const { trustEndsAt } = device;
	if (trustEndsAt === null) return null;
	const left = trustEndsAt - now;
	if (before?.isTold) return left < TRUST_EXPIRES_WITHIN_SECONDS + TRUST_MARGIN_SECONDS ? before : null;
	if (left >= TRUST_EXPIRES_WITHIN_SECONDS) return null;
	if (device.isHeld) return before;
	if (before === null) return { since: now, isTold: false };
	return now - before.since < TRUST_STILL_SECONDS ? before : { since: now, isTold: true };
}

/** After this what is doubted is told, if it lasts. */
const DOUBT_SECONDS: Readonly<Record<Watched, number>> = {
	stale: STILL_SECONDS,
	silent: 0,
	trust_expiring: TRUST_STILL_SECONDS,
};

/** No device is looked at more often, … */
const LEAST_PAUSE_SECONDS = STILL_SECONDS;
/** … or less often: what begins is told late by up to so much. */
export const MOST_PAUSE_SECONDS = 12 * HOUR;
/** What was told is looked at again after so long: its end is told late by up to so much. */
const TOLD_PAUSE_SECONDS = 6 * HOUR;

/** @returns unix seconds at which the device is to be looked at again @param after what is known of it @param now unix seconds */
export function nextLook(device: WatchedDevice, after: Conditions, now: number): number {
	if (!device.isActive) return now + MOST_PAUSE_SECONDS;
	const known = WATCHED.flatMap((kind) => {
		const condition = after[kind];
		if (condition === null) return [];
		return [condition.isTold ? now + TOLD_PAUSE_SECONDS : condition.since + DOUBT_SECONDS[kind]];
	});
	const begins = [
		...(device.heardAt === null || after.silent !== null ? [] : [device.heardAt + SILENT_AFTER_SECONDS]),
		...(device.offeredAt === null || after.stale !== null ? [] : [device.offeredAt + STALE_AFTER_SECONDS]),
		...(device.trustEndsAt === null || after.trust_expiring !== null
			? []
			: [device.trustEndsAt - TRUST_EXPIRES_WITHIN_SECONDS]),
	];
	const times = [
		...known,
		// What has not begun although it is time is put off, or away: it is not looked at more often for that.
		...begins.filter((at) => at > now),
	];
	return Math.max(now + LEAST_PAUSE_SECONDS, Math.min(now + MOST_PAUSE_SECONDS, ...times));
}

/** Events of single devices, of one kind, that one look tells; of more it tells the number. */
export const MAX_TOLD = 10;

/** What a look has found so far, of one kind. */
export interface Tally {
	readonly count: number;
	/** the first of them */
	readonly devices: readonly string[];
}

/** @returns with one more */
export function tallyOne(tally: Tally | undefined, device: string): Tally {
	const { count, devices } = tally ?? { count: 0, devices: [] };
	return { count: count + 1, devices: devices.length < MAX_TOLD ? [...devices, device] : devices };
}
