// Unix seconds as others write them.

/** @returns RFC 3339, UTC: 2026-11-21T00:00:00Z. @throws RangeError past the year 275760 */
export function formatTimestamp(seconds: number): string {
	return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}

/** @returns as Signature Version 4 of AWS writes them: 20130524T000000Z */
export function formatAmzDate(seconds: number): string {
	return formatTimestamp(seconds).replaceAll(/[:-]/g, "");
}

/** @param seconds unix seconds @returns those at which its hour began */
export function hourOf(seconds: number): number {
	return seconds - (seconds % 3_600);
}
