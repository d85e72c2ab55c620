// What a customer says of the updates of one device: when they may be installed, which release is pinned, whether it stays as it is.
// The Account works it out of its rules once; it travels in the device's record and in its token.
import { z } from "zod";
import { type Impact, impact, interrupts } from "../../content/releases/release-facts.ts";
import { productName, versionName } from "../../names.ts";
import { nextTime, WEEK_SECONDS, type WeeklyWindow } from "./weekly-windows.ts";

/** What may be installed outside windows and in freezes: emergency releases; the way back from a release that was withdrawn. */
export const passing = z.enum(["emergency", "revert"]);
export type Passing = z.infer<typeof passing>;

const seconds = z.int().nonnegative();

/** Seconds that a release of a class must be old; a class that is left out: as any release. */
export const classAges = z.object({ threat: seconds.optional(), behaviour: seconds.optional() });

export const pin = z.object({
	version: versionName,
	/** whether it is installed in the place of a newer release */
	downgrade: z.boolean(),
});
export type Pin = z.infer<typeof pin>;

export const devicePolicy = z.object({
	/** IANA name; null = UTC */
	zone: z.string().nullable(),
	/** as WeeklyWindow, each moved by the device's own place in the fleet; null = at any time */
	windows: z
		.array(z.object({ start: seconds, length: seconds }))
		.readonly()
		.nullable(),
	/** unix seconds, the end moved likewise */
	freezes: z.array(z.object({ from: seconds, until: seconds })).readonly(),
	passes: z.array(passing).readonly(),
	/** seconds that a release must be old; it is in the grants' delays already */
	minAge: seconds,
	pins: z.record(productName, pin),
	/** it stays with what it has */
	held: z.boolean(),
	/** what interrupts less than that does not wait for a window; not given = everything waits */
	windowFrom: impact.optional(),
	/** beside `minAge`, and in no grant's delays: of several the longest counts. Not given = nothing is said */
	minAges: classAges.optional(),
});
export type DevicePolicy = z.infer<typeof devicePolicy>;

/** @param product any name, also one that every object has something of, such as "constructor" @returns null = not pinned */
export function pinOf({ pins }: DevicePolicy, product: string): Pin | null {
	return Object.hasOwn(pins, product) ? (pins[product] ?? null) : null;
}

/** Why a release that is for the device is not installed now. */
export const PUT_OFF_REASONS = ["held", "frozen", "outside_window"] as const;
export type PutOffReason = (typeof PUT_OFF_REASONS)[number];

/** until: unix seconds from which it may be installed; Infinity = not by time alone */
export interface PutOff {
	readonly reason: PutOffReason;
	readonly until: number;
}

/** A release that would be installed now. */
export interface Install {
	readonly isEmergency: boolean;
	/** what is installed was withdrawn */
	readonly isRevert: boolean;
	/** nothing is installed: there is nothing to keep, and no protection until there is */
	readonly isFirst: boolean;
	/** what its installation interrupts; undefined = its publisher does not say, and it may be anything */
	readonly impact?: Impact | undefined;
}

type Freeze = DevicePolicy["freezes"][number];
type Times = Pick<DevicePolicy, "zone" | "windows" | "freezes">;

/**
 * May it be installed now? No answer ever takes away what is installed.
 * @param now unix seconds
 * @returns null = it may be
 */
export function putOff(policy: DevicePolicy | null, install: Install, now: number): PutOff | null {
	if (policy === null || install.isFirst) return null;
	if (policy.held) return { reason: "held", until: Number.POSITIVE_INFINITY };
	if (mayPass(policy, install)) return null;
	const until = opensAt(timesFor(policy, install), now);
	if (until <= now) return null;
	// The last obstacle before it opens is told: of a freeze that ends before the window opens, the answer would change on the way.
	const last = Number.isFinite(until) ? until - 1 : now;
	return { reason: freezeAt(policy, last) === undefined ? "outside_window" : "frozen", until };
}

/** @returns unix seconds at which what may be installed now may be no longer, by time alone; Infinity = never */
export function mayUntil(policy: DevicePolicy | null, install: Install, now: number): number {
	if (policy === null || install.isFirst || policy.held || mayPass(policy, install)) return Number.POSITIVE_INFINITY;
	const { zone, windows } = timesFor(policy, install);
	const closes = windows === null ? Infinity : nextTime(zone ?? "UTC", windows, now, false);
	return Math.min(closes, ...policy.freezes.map(({ from }) => from).filter((from) => from > now));
}

/** @returns what of the policy the release waits for */
function timesFor(policy: DevicePolicy, { impact }: Install): Times {
	const { windowFrom } = policy;
	return windowFrom === undefined || interrupts(impact, windowFrom) ? policy : { ...policy, windows: null };
}

function mayPass({ passes }: DevicePolicy, { isEmergency, isRevert }: Install): boolean {
	return (isEmergency && passes.includes("emergency")) || (isRevert && passes.includes("revert"));
}

function freezeAt({ freezes }: Times, at: number) {
	return freezes.find(({ from, until }) => from <= at && at < until);
}

/** @param at unix seconds @returns the first time from then on that is in a window and in no freeze; Infinity = none is in sight */
function opensAt(times: Times, at: number): number {
	let opens = at;
	// Each freeze is left once, and a window is looked for after each.
	for (let left = times.freezes.length; left >= 0; left--) {
		if (times.windows !== null) opens = nextTime(times.zone ?? "UTC", times.windows, opens, true);
		const freeze = freezeAt(times, opens);
		if (freeze === undefined) return opens;
		opens = freeze.until;
	}
	return opens;
}

/** A window begins later, and a freeze ends later, for each device of a fleet by up to so much. */
const SPREAD_SECONDS = 3_600;
/** Of a short one up to this part. */
const SPREAD_SHARE = 4;
const DAY_SECONDS = 86_400;

/** @param place of the device (`placeInFleet`), 0 to 1 @returns the window as this device has it: it ends with everybody's */
export function spreadWindow({ start, length }: WeeklyWindow, place: number): WeeklyWindow {
	// A window of a whole day meets that of the day before: nobody waits for it.
	if (length >= DAY_SECONDS) return { start, length };
	const late = Math.floor(place * Math.min(SPREAD_SECONDS, length / SPREAD_SHARE));
	return { start: (start + late) % WEEK_SECONDS, length: length - late };
}

/** @param place as above @returns the freeze as this device has it */
export function spreadFreeze({ from, until }: Freeze, place: number): Freeze {
	return { from, until: until + Math.floor(place * Math.min(SPREAD_SECONDS, (until - from) / SPREAD_SHARE)) };
}
