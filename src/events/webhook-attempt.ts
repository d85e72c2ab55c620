// What follows from one attempt to deliver a webhook: it is done, it is tried again later, or the endpoint is given up. The
// delays are those that the Standard Webhooks specification recommends; ten attempts over about three days.

/** Why an attempt did not deliver; `status` is any answer other than 2xx and 410, redirects included. */
export type AttemptFailure = "status" | "timeout" | "unreachable" | "not_configured" | "key_missing" | GivesUpAtOnce;
type GivesUpAtOnce = "gone" | "url_refused";

export type DeliveryAttempt =
	| { readonly ok: true; readonly status: number }
	| {
			readonly ok: false;
			readonly reason: AttemptFailure;
			readonly status: number | null;
			/** what the receiver asked for */
			readonly retryAfterSeconds: number | null;
	  };

/** In the words that operators see. */
export type DisableReason = GivesUpAtOnce | "retries_exhausted";

export type AttemptDecision =
	| { readonly kind: "delivered" }
	| { readonly kind: "retry"; readonly afterMs: number }
	| { readonly kind: "disable"; readonly reason: DisableReason };

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** Seconds after the first failed attempt, the second … */
export const RETRY_DELAYS: readonly number[] = [
	...[5, 5 * MINUTE, 30 * MINUTE],
	...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR),
];
/** A receiver can ask for patience, but not put its endpoint to sleep for ever. */
const MAX_RETRY_AFTER = 24 * HOUR;
/** Each delay is this part longer or shorter at most, so that what failed as one does not return as one. */
const JITTER = 0.1;

/**
 * @param failuresBefore failed attempts in a row before this one
 * @param random 0 ≤ x < 1
 */
export function decideAttempt(attempt: DeliveryAttempt, failuresBefore: number, random: number): AttemptDecision {
	if (attempt.ok) return { kind: "delivered" };
	// A key that is missing may be on its way: an object can run under the ring from before a rotation for minutes.
	if (attempt.reason === "gone" || attempt.reason === "url_refused") {
		return { kind: "disable", reason: attempt.reason };
	}
	const delay = RETRY_DELAYS[failuresBefore];
	if (delay === undefined) return { kind: "disable", reason: "retries_exhausted" };
	const jittered = delay * (1 - JITTER + 2 * JITTER * random);
	const asked = Math.min(attempt.retryAfterSeconds ?? 0, MAX_RETRY_AFTER);
	return { kind: "retry", afterMs: Math.round(Math.max(jittered, asked) * 1000) };
}
