// How long a server asks to be left alone (RFC 9110 §10.2.3): one reader for webhooks and the command line.

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
