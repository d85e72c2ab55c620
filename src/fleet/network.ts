// From where a device is heard, as the edge saw it: its network, and its place to the whole degree. Pure.

export interface Network {
	/** number of the autonomous system; null = the edge did not know */
	readonly asn: number | null;
	/** ISO 3166-1 alpha-2, or what the edge has in its place (T1 = Tor); null likewise */
	readonly country: string | null;
	/** whole degrees: some 100 km, which is no nearer than addresses are known to; null likewise */
	readonly latitude: number | null;
	readonly longitude: number | null;
}

/** @param cf what the platform says of a connection (`request.cf`) @returns null = it does not say: a service on one machine, tests */
export function networkOf(cf: Readonly<Record<string, unknown>> | undefined): Network | null {
	if (cf === undefined) return null;
	const { asn: number, country: code } = cf;
	const asn = Number.isSafeInteger(number) && Number(number) > 0 ? Number(number) : null;
	// XX is Cloudflare's word for a country that it does not know.
	const country = typeof code === "string" && /^[A-Z0-9]{2}$/.test(code) && code !== "XX" ? code : null;
	if (asn === null && country === null) return null;
	const [latitude, longitude] = [wholeDegrees(cf["latitude"], 90), wholeDegrees(cf["longitude"], 180)];
	const isPlaced = latitude !== null && longitude !== null;
	return { asn, country, latitude: isPlaced ? latitude : null, longitude: isPlaced ? longitude : null };
}

/** @param text as the platform has it: "47.36670" */
function wholeDegrees(text: unknown, most: number): number | null {
	if (typeof text !== "string" || !/^-?\d{1,3}(\.\d*)?$/.test(text)) return null;
	const degrees = Math.round(Number(text));
	return Math.abs(degrees) <= most ? degrees : null;
}

/** Two networks of one name are one, wherever in the country. */
export function networkName({ country, asn }: Network): string {
	return `${country ?? "??"} AS${asn ?? "?"}`;
}

/** What is not known of one of them is no sign that they are two: an address that a database misses for a day has not moved. */
export function mayBeOne(one: Network, other: Network): boolean {
	const agree = (a: string | number | null, b: string | number | null) => a === b || a === null || b === null;
	return agree(one.asn, other.asn) && agree(one.country, other.country);
}

const EARTH_RADIUS_KM = 6_371;

/** @returns km along the surface; null = where one of them is, is not known */
export function distanceKm(one: Network, other: Network): number | null {
	if (one.latitude === null || one.longitude === null || other.latitude === null || other.longitude === null)
		return null;
	const [from, to] = [radians(one.latitude), radians(other.latitude)];
	// Haversine formula.
	const half =
		Math.sin((to - from) / 2) ** 2 +
		Math.cos(from) * Math.cos(to) * Math.sin(radians(other.longitude - one.longitude) / 2) ** 2;
	return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(half)));
}

function radians(degrees: number): number {
	return (degrees * Math.PI) / 180;
}
