// When should this device ask again? The server spreads its own fleet: each device keeps its own fixed place in the interval, which is
// shorter for who waits for an emergency release and longer while records cannot be read.
import { placeInFleet } from "../../place-in-fleet.ts";

/** Devices ask between (1 - SPREAD) and (1 + SPREAD) times the interval, so a fleet that starts together drifts apart. */
const SPREAD = 0.1;
/**
 * usual; urgent: an emergency release is there for this device, or will be within the hour; strained: records could not be read, and
 * full answers are all there is.
 */
export type Pace = "usual" | "urgent" | "strained";
/** Only devices that do not have the emergency release yet ask so often, and each of them for minutes. */
const URGENT_PART = 0.25;
/** Shorter than that, a device would ask before edges can have anything new. */
const URGENT_LEAST_SECONDS = 60;
/** Half as many requests reach a service that has to answer each of them in full, and that many fewer come at once when it is well again. */
const STRAINED_TIMES = 2;

/**
 * @param interval seconds between checks, on average
 * @param deviceId its last characters are random, hence uniform over the fleet
 * @param lease seconds of the lease on the device's seat: it asks at least once in a third of that; null = no lease
 * @returns whole seconds until the next check, always the same for one device, interval and pace
 */
export function nextCheckIn(
	interval: number,
	deviceId: string,
	lease: number | null = null,
	pace: Pace = "usual",
): number {
	const most = longestSilence(lease);
	const mean = Math.min(paced(interval, pace), most / (1 + SPREAD));
	return Math.min(Math.round(mean * (1 - SPREAD + 2 * SPREAD * placeInFleet(deviceId))), most);
}

function paced(interval: number, pace: Pace): number {
	if (pace === "strained") return interval * STRAINED_TIMES;
	return pace === "urgent" ? Math.min(interval, Math.max(interval * URGENT_PART, URGENT_LEAST_SECONDS)) : interval;
}

/**
 * For who waits until a given time, as for a window that opens: at its place in the interval after it, since others wait for the same.
 * @param opensAt unix seconds; Infinity = it waits for none
 * @param usual seconds, of `nextCheckIn`: no later than that
 * @param now unix seconds
 * @returns whole seconds until the next check
 */
export function checkOnceOpen(opensAt: number, usual: number, interval: number, place: number, now: number): number {
	return Math.min(usual, opensAt - now + Math.floor(interval * place));
}

/**
 * How much later than a time that many devices were told one of them checks, in the order of their places.
 * @param interval seconds, of the device's own checks @returns seconds, less than a tenth of the interval
 */
export function lateBy(interval: number, place: number): number {
	return place * interval * SPREAD;
}

/** @param lease as above @returns seconds after which a device has to be heard of again, or its seat is in danger; Infinity = none */
export function longestSilence(lease: number | null): number {
	return lease === null ? Number.POSITIVE_INFINITY : Math.floor(lease / 3);
}
