// When should this device ask again? The server spreads its own fleet: each device keeps its own fixed place in the interval.
import { placeInFleet } from "../place-in-fleet.ts";

/** Devices ask between (1 - SPREAD) and (1 + SPREAD) times the interval, so a fleet that starts together drifts apart. */
const SPREAD = 0.1;

/**
 * @param interval seconds between checks, on average
 * @param deviceId its last characters are random, hence uniform over the fleet
 * @param lease seconds of the lease on the device's seat: it asks at least once in a third of that; null = no lease
 * @returns whole seconds until the next check, always the same for one device and interval
 */
export function nextCheckIn(interval: number, deviceId: string, lease: number | null = null): number {
	const most = longestSilence(lease);
	const mean = Math.min(interval, most / (1 + SPREAD));
	return Math.min(Math.round(mean * (1 - SPREAD + 2 * SPREAD * placeInFleet(deviceId))), most);
}

/** @param lease as above @returns seconds after which a device has to be heard of again, or its seat is in danger; Infinity = none */
export function longestSilence(lease: number | null): number {
	return lease === null ? Number.POSITIVE_INFINITY : Math.floor(lease / 3);
}
