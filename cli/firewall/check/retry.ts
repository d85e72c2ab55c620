// How long a firewall waits after a try that failed. The more tries have failed in a row, the longer, up to nearly its usual interval: a fleet
// that was cut off for half an hour comes back over minutes, and not within the one in which the line is up again.

/** After the first failure, where the server named no time. */
const FIRST_PAUSE_SECONDS = 60;
/** Of the interval, which is a tenth longer for some than for others: within one usual interval everybody is back. */
const LONGEST_PART = 0.9;
/** The service never asks for more; what is on the way may. */
const LONGEST_RETRY_SECONDS = 3_600;

export interface FailedTries {
	/** in a row, this one too; from 1 */
	readonly count: number;
	/** what the server asked for; undefined = it did not */
	readonly retryAfterSeconds?: number | undefined;
	/** seconds between checks when all is well */
	readonly interval: number;
	/** of the device (`placeInFleet`): those who failed together must not come back together */
	readonly place: number;
}

/** Of all numbers the one whose multiples spread most evenly, so that a device has another share of the pause at each try. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * @returns whole seconds: after the first failure what the server asked for, which spreads its fleet itself; after further ones at
 * least the firewall's own pause, which doubles up to nearly the interval, between a half and the whole of it
 */
export function pauseAfter({ count, retryAfterSeconds, interval, place }: FailedTries): number {
	const asked = Math.min(retryAfterSeconds ?? 0, LONGEST_RETRY_SECONDS);
	if (count === 1 && retryAfterSeconds !== undefined) return asked;
	const longest = Math.max(interval * LONGEST_PART, FIRST_PAUSE_SECONDS);
	const doubled = Math.min(FIRST_PAUSE_SECONDS * 2 ** Math.min(count - 1, 20), longest);
	const share = (place + count * GOLDEN) % 1;
	return Math.max(asked, Math.round(doubled * (0.5 + 0.5 * share)));
}
