// When need a device not ask? The answer to a check names the pulses of what it was about: tiny public objects that change
// when there is something new. While all of them stand, and until a given time, the device has nothing to ask. A pulse that
// is old, forged or gone costs one check too many, or a delay that ends at that time; never an update that is not due.

import type { ProductRecord } from "../releases/product-record.ts";
import type { CheckAnswer } from "./check.ts";

/** Devices are heard of at least this often: changes of their license show in no pulse. */
export const MAX_QUIET_SECONDS = 21_600;
/** Of its quiet time each device leaves out a part, up to this one, or a fleet that an emergency has woken as one wakes as one again. */
const QUIET_SPREAD = 0.2;
/** A cache in front may answer with a copy this old. */
export const PULSE_MAX_AGE_SECONDS = 15;
/** By then nearly every edge has the heads that a pulse is news of. */
const SETTLING_SECONDS = 30;
/** Within this time the devices ask that an emergency release calls. */
const EMERGENCY_SPREAD_SECONDS = 60;
/** For so long a release counts as news of an emergency: by then every device that reads pulses has seen it. */
const EMERGENCY_NEWS_SECONDS = 3_600;

export interface PulseUrgency {
	/** seconds over which the devices that saw the change spread their checks */
	readonly spread: number;
	readonly emergency: boolean;
}

/** What of a device says how long it may be quiet. */
export interface Quietness {
	/** seconds after which the device has to be heard of again for other reasons; Infinity = none */
	readonly most: number;
	/** of the device (`placeInFleet`) */
	readonly place: number;
	/** seconds between the checks of one device: over it are spread those whose answers change at one moment */
	readonly interval: number;
}

/**
 * Until when a device need not check while the pulses of its answer stand. Never while there is something to fetch (an answer with
 * offers is judged as it will be once they are installed), while a product is refused (a change of its license shows in no pulse), or
 * while one has nothing released yet (no pulse).
 * A license that ends, a message that begins or a release that gets old enough is at one moment for thousands of devices: each comes
 * at its place in the interval after it, as late as one that reads no pulses.
 * @param now unix seconds
 * @returns unix seconds; null = pulses do not suffice, it asks at its interval
 */
export function quietUntil(answer: CheckAnswer, { most, place, interval }: Quietness, now: number): number | null {
	if (!answer.products.every(isSettled) || answer.products.length === 0) return null;
	const quiet = Math.min(MAX_QUIET_SECONDS, most) * (1 - QUIET_SPREAD * place);
	return Math.min(answer.holdsUntil + Math.floor(interval * place), now + Math.floor(quiet));
}

/**
 * @returns unix seconds until which the record is news of an emergency to the whole fleet: such a release on stable, or a rule that
 * harms; 0 = it is none
 */
export function emergencyUntil(record: Pick<ProductRecord, "releases" | "rulesDisabledAt"> | null): number {
	if (record === null) return 0;
	const { releases, rulesDisabledAt } = record;
	const emergencies = releases.filter(
		({ urgency, withdrawn, rollout, channel }) =>
			urgency === "emergency" && !withdrawn && channel === "stable" && rollout?.open !== false,
	);
	const since = [
		...emergencies.map(({ releasedAt }) => releasedAt),
		...(rulesDisabledAt === null ? [] : [rulesDisabledAt]),
	];
	return Math.max(0, ...since.map((at) => at + EMERGENCY_NEWS_SECONDS));
}

/**
 * How soon a change is to be asked about.
 * @param until of `emergencyUntil`
 * @param now unix seconds
 * @param interval seconds between the checks of one device: spread over it, a change costs no more than those
 */
export function pulseUrgency(until: number, now: number, interval: number): PulseUrgency {
	const emergency = now < until;
	return { spread: emergency ? Math.min(EMERGENCY_SPREAD_SECONDS, interval) : interval, emergency };
}

/**
 * How long a device waits that has seen a pulse change. The pulse may be faster than the copies of records at the edges, so
 * nobody asks in the first half minute.
 * @param place of the device (`placeInFleet`)
 * @param spread seconds, of the pulse
 * @returns seconds, at most `spread`
 */
export function newsDelay(place: number, spread: number): number {
	const settling = Math.min(SETTLING_SECONDS, spread / 2);
	return settling + place * (spread - settling);
}

function isSettled({ selection }: CheckAnswer["products"][number]): boolean {
	if (selection === null || selection.status === "offered") return false;
	return selection.status === "current" || selection.reason !== "no_release";
}
