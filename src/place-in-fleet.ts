// Where a device stands in everything that a fleet spreads over time: checks, quiet times, windows.

/** @returns the device's own place in everything that a fleet spreads: 0 to 1, 1 excluded, always the same */
export function placeInFleet(deviceId: string): number {
	let place = 0;
	for (const character of deviceId.slice(-8)) place = (place * 33 + character.charCodeAt(0)) >>> 0;
	return place / 2 ** 32;
}
