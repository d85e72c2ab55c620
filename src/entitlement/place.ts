// Where objects live: near a location, which the platform tries, or within a jurisdiction, which it keeps to. An account's place stands in
// the first character of its object's name, and so in every id and code of the account: whoever calls the object needs no look-up.

/** Where the platform tries to have an object, the first time that it is asked for (Cloudflare, "Provide a location hint"). */
export const LOCATIONS = [
	"wnam",
	"enam",
	"sam",
	"weur",
	"eeur",
	"apac",
	"apac-ne",
	"apac-se",
	"oc",
	"afr",
	"me",
] as const;
/** Which an object never leaves; the same name is another object in each (Cloudflare, "Restrict Durable Objects to a jurisdiction"). */
export const JURISDICTIONS = ["eu", "us", "fedramp", "fedramp-high"] as const;
export const PLACES = [...LOCATIONS, ...JURISDICTIONS] as const;

export type Location = (typeof LOCATIONS)[number];
export type Jurisdiction = (typeof JURISDICTIONS)[number];
export type Place = (typeof PLACES)[number];

/** For ever: they stand in ids. The order is that of PLACES. */
const LETTERS = "bcdefghjkmnprsv";
/** The first characters of accounts without a place. */
const FREE = "0123456789aqtxyz";

/** @param random byte @returns the first character of an account's name */
export function letterOf(place: Place | null, random: number): string {
	return place === null ? FREE.charAt(random & 15) : LETTERS.charAt(PLACES.indexOf(place));
}

/** @param objectName of an account @returns null = wherever it was asked for first */
export function placeOf(objectName: string): Place | null {
	return PLACES[LETTERS.indexOf(objectName.charAt(0) || "?")] ?? null;
}

/** @throws TypeError when the text is no place */
export function parsePlace(text: string): Place {
	const place = PLACES.find((one) => one === text);
	if (place === undefined) throw new TypeError(`must be one of ${PLACES.join(", ")}`);
	return place;
}

export function isJurisdiction(place: Place): place is Jurisdiction {
	return (JURISDICTIONS as readonly Place[]).includes(place);
}
