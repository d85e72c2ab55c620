// How long a server asks to be left alone (RFC 9110 §10.2.3): one reader for webhooks and the command line, and what this one asks of
// a whole fleet.

/**
 * For a failure that everybody meets: a whole fleet that comes back is spread over minutes.
 * @param random 0 to 1, 1 excluded
 * @returns whole seconds
 */
export function retryAfterOfFleet(random: number): number {
	return 30 + Math.floor(random * 271);
}

/**
 * Reads a Retry-After header (RFC 9110 §10.2.3): seconds, or a date.
 * @returns seconds from `now` on, 0 for a date that is over; null when there is none that is understood
 */
export function readRetryAfter(header: string | null, now: number): number | null {
	if (header === null) return null;
	if (/^\d{1,9}$/.test(header)) return Number(header);
	// Only the form with a weekday's name: Date.parse would take nearly anything.
	const at = /^[A-Z][a-z]{2}, .+ GMT$/.test(header) ? Date.parse(header) : Number.NaN;
	return Number.isNaN(at) ? null : Math.max(0, Math.ceil(at / 1000 - now));
}
