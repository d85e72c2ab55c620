// The clocks of devices are wrong now and then. What a signed time may be, and by how much it missed, so that the answer can
// tell a device that has proved its key to set its clock. Pure arithmetic; all times are unix seconds.

/** Difference between a device's clock and ours that is not worth a refusal. */
export const CLOCK_SKEW_SECONDS = 60;

export type ClockReason = "expired" | "issued_in_future" | "not_yet_valid" | "too_old";

export interface ClockFailure {
	readonly ok: false;
	readonly reason: ClockReason;
	/** how far outside the allowed time, in seconds, at least 1 */
	readonly offBySeconds: number;
}

export interface SignedTimes {
	readonly iat: number;
	readonly exp: number;
	readonly nbf: number | null;
}

/** The first of `times` that does not fit `now`, or null. `exp` itself is already too late (RFC 7519 §4.1.4). */
export function findClockFailure(times: SignedTimes, now: number, maxAgeSeconds: number): ClockFailure | null {
	const latestStart = now + CLOCK_SKEW_SECONDS;
	if (times.iat > latestStart) return failure("issued_in_future", times.iat - latestStart);
	if (times.nbf !== null && times.nbf > latestStart) return failure("not_yet_valid", times.nbf - latestStart);
	const earliestEnd = now - CLOCK_SKEW_SECONDS;
	if (times.exp <= earliestEnd) return failure("expired", earliestEnd - times.exp);
	const age = earliestEnd - times.iat;
	if (age > maxAgeSeconds) return failure("too_old", age - maxAgeSeconds);
	return null;
}

function failure(reason: ClockReason, off: number): ClockFailure {
	return { ok: false, reason, offBySeconds: Math.max(1, Math.ceil(off)) };
}
