// Is a device's key or token used from two networks at once? Pure. One change of network is no sign: firewalls move, fail over to another
// uplink and go through tunnels. What is told is a device that goes there and back faster than anybody travels, or back and forth all
// day; once for each further network, and never between networks that are its own: where it was told, or has been for a week.
import { distanceKm, mayBeOne, type Network } from "./network.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;
/** As fast as an airliner. */
const FASTEST_KMH = 900;
/** Places of addresses are wrong by so much, and those of mobile networks and of tunnels are where they leave it. */
const SLACK_KM = 500;
/** Doubts of so long ago count no more. */
const DOUBT_SECONDS = DAY;
/** There, and back. */
const TRAVELS = 2;
/** There and back three times: the first way there is no return, each after it is one. */
const RETURNS = 5;
/** A network in which a device has been for so long without being told is its own. */
const OWN_AFTER_SECONDS = 7 * DAY;
/** Networks that are remembered of a device: an appliance that travels would fill the account. */
export const MAX_NETWORKS = 6;

/** By which rule a device was told. */
export const TRIPWIRE_RULES = {
	travel: "it was in two places between which nobody travels in that time, there and back within a day",
	two_networks: "it went back and forth between networks three times within a day",
} as const;
export type TripwireRule = keyof typeof TRIPWIRE_RULES;

/** Which findings suspend a device: none, impossible travel, or both. */
export const SUSPENDS = ["off", "travel", "any"] as const;
export type Suspends = (typeof SUSPENDS)[number];

/** @returns whether an account that wants this has such a device suspended */
export function suspendsBy(suspends: Suspends, rule: TripwireRule): boolean {
	return suspends === "any" || suspends === rule;
}

/** A network of a device. */
export interface Stay {
	readonly network: Network;
	/** unix seconds at which it was first heard there */
	readonly since: number;
	/** unix seconds of when it is known to have been there last; it may have been later */
	readonly last: number;
	/** it was told of, and so is the device's own for whoever has let it go on */
	readonly isTold: boolean;
}

interface Doubt {
	/** unix seconds */
	readonly at: number;
	readonly isTravel: boolean;
	readonly isReturn: boolean;
}

/** What an account knows of the networks of one device. */
export interface DeviceNetworks {
	/** where it was last, and before that, without repetition */
	readonly stays: readonly Stay[];
	/** of the last day */
	readonly doubts: readonly Doubt[];
}

export interface Finding {
	readonly rule: TripwireRule;
	/** the network that it was in, and the one in which it is */
	readonly stays: readonly [Stay, Stay];
	/** km between the two; null = not known */
	readonly km: number | null;
}

export interface NetworkHeard {
	readonly network: Network;
	/** unix seconds, by the edge */
	readonly at: number;
	/** unix seconds of when the device is known to have been heard last, in the network in which it was; 0 = not known */
	readonly heardBefore: number;
}

/**
 * @param before null = nothing was heard yet
 * @returns what is known after it: `before` itself where nothing is to be written; and what is to be told, if anything
 */
export function hearNetwork(
	before: DeviceNetworks | null,
	{ network, at, heardBefore }: NetworkHeard,
): { readonly after: DeviceNetworks; readonly finding: Finding | null } {
	const here: Stay = { network, since: at, last: at, isTold: false };
	const left = before?.stays[0];
	if (before === null || left === undefined) return { after: { stays: [here], doubts: [] }, finding: null };
	const nothing = { after: before, finding: null };
	// What was said earlier has come later: it is no way back.
	const lastThere = Math.max(left.last, heardBefore);
	if (mayBeOne(left.network, network) || at < left.last) return nothing;
	const earlier = before.stays.find((stay) => mayBeOne(stay.network, network));
	const arrived = { ...here, since: earlier?.since ?? at, isTold: earlier?.isTold ?? false };
	if (isOwn(left, at) && isOwn(arrived, at)) return nothing;

	const km = distanceKm(left.network, network);
	const doubt: Doubt = {
		at,
		isTravel: km !== null && (km - SLACK_KM) * HOUR > FASTEST_KMH * Math.max(0, at - lastThere),
		isReturn: earlier !== undefined && at - earlier.last <= DOUBT_SECONDS,
	};
	const doubts = [...before.doubts, doubt].filter(
		(one) => at - one.at <= DOUBT_SECONDS && (one.isTravel || one.isReturn),
	);
	const rule = ruleOf(doubts);
	const [from, to] = [
		{ ...left, last: Math.min(lastThere, at), isTold: left.isTold || rule !== null },
		{ ...arrived, isTold: arrived.isTold || rule !== null },
	] as const;
	const others = before.stays.slice(1).filter((stay) => stay !== earlier);
	const after = { stays: [to, from, ...others].slice(0, MAX_NETWORKS), doubts: rule === null ? doubts : [] };
	return { after, finding: rule === null ? null : { rule, stays: [from, to], km } };
}

function ruleOf(doubts: readonly Doubt[]): TripwireRule | null {
	if (doubts.filter(({ isTravel }) => isTravel).length >= TRAVELS) return "travel";
	return doubts.filter(({ isReturn }) => isReturn).length >= RETURNS ? "two_networks" : null;
}

function isOwn({ since, isTold }: Stay, at: number): boolean {
	return isTold || at - since >= OWN_AFTER_SECONDS;
}
