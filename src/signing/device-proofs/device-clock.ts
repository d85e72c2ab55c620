// The clocks of devices are wrong now and then. What a signed time may be, and how far off the clock is otherwise, so that the
// answer can tell a device that has proved its key to set its clock. Pure arithmetic; all times are unix seconds.

/** Difference between a device's clock and ours that is not worth a refusal. */
export const CLOCK_SKEW_SECONDS = 60;

export type ClockReason = "expired" | "issued_in_future" | "not_yet_valid" | "too_old";

export interface ClockFailure {
	readonly ok: false;
	readonly reason: ClockReason;
	/** the device's clock minus ours, seconds, as what it signed shows it: all of it, not only what is beyond the tolerance */
	readonly clockOffsetSeconds: number;
}

export interface SignedTimes {
	readonly iat: number;
	readonly exp: number;
	readonly nbf: number | null;
}

/** The first of `times` that does not fit `now`, or null. `exp` itself is already too late (RFC 7519 §4.1.4). */
export function findClockFailure(times: SignedTimes, now: number, maxAgeSeconds: number): ClockFailure | null {
	const latestStart = now + CLOCK_SKEW_SECONDS;
	if (times.iat > latestStart) return clockFailure("issued_in_future", times.iat - now);
	if (times.nbf !== null && times.nbf > latestStart) return clockFailure("not_yet_valid", times.nbf - now);
	const earliestEnd = now - CLOCK_SKEW_SECONDS;
	// It was signed at `iat` by the device's clock; one that says to have ended before is as far off as its end.
	if (times.exp <= earliestEnd) return clockFailure("expired", Math.min(times.iat, times.exp) - now);
	if (earliestEnd - times.iat > maxAgeSeconds) return clockFailure("too_old", times.iat - now);
	return null;
}

/** @param offset the device's clock minus ours, seconds; rounded away from zero */
export function clockFailure(reason: ClockReason, offset: number): ClockFailure {
	return { ok: false, reason, clockOffsetSeconds: offset > 0 ? Math.ceil(offset) : Math.floor(offset) };
}
