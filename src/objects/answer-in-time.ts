// Waits for an object while a device waits for its token, for a second at most.
import { systemClock } from "../storage/clock.ts";
import { settlesWithin } from "../storage/time-limit.ts";

/** The device comes back with another request: an answer that is late is worth nothing, and does no harm. */
const TIMEOUT_MS = 1_000;

/** Marked as the platform marks an object that is briefly gone. */
class ObjectMuteError extends Error {
	override readonly name = "ObjectMuteError";
	readonly retryable = true;
}

/** @throws what the object throws, or an error with `retryable` when it does not answer within a second */
export async function answerInTime<T>(answer: Promise<T>): Promise<T> {
	if (!(await settlesWithin(systemClock, TIMEOUT_MS, answer))) throw new ObjectMuteError("no answer");
	return answer;
}
