// Coming back to a server that asks for it, or, where the caller wants that, to one that has gone silent.
import { ConnectionError, ServerRefusal } from "../errors.ts";
import type { Surroundings } from "../terminal/output.ts";

/** A server takes 600 calls a minute from one address; this leaves some to others. */
export const CALL_INTERVAL_MS = 120;
/** A server that asks for more patience than this is better asked again by a person. */
const LONGEST_WAIT_SECONDS = 120;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export interface Patience {
	readonly surroundings: Pick<Surroundings, "nowMs" | "sleep">;
	/** ends the waiting; not given = nobody does */
	readonly signal?: AbortSignal;
	/** of one call: it gives up after so many tries, or when it has waited for so long */
	readonly tries?: number;
	readonly longestMs?: number;
	/** whether silence and failures that say nothing of a time (500, 502) are tried again too; only what may be repeated */
	readonly retriesSilence?: () => boolean;
	readonly onWait?: (why: string) => void;
}

/** Asks again when the server says so, a few times. @throws what the last try threw; the signal's reason at once */
export async function patiently<T>(patience: Patience, ask: () => Promise<T>): Promise<T> {
	const { surroundings, signal, retriesSilence, onWait } = patience;
	const { tries = Number.POSITIVE_INFINITY, longestMs = Number.POSITIVE_INFINITY } = patience;
	const startedMs = surroundings.nowMs();
	for (let count = 1; ; count++) {
		signal?.throwIfAborted();
		try {
			return await ask();
		} catch (error) {
			signal?.throwIfAborted();
			const waitMs = askedToWaitMs(error) ?? (retriesSilence?.() && isSilence(error) ? pauseMs(count) : null);
			const isEnough = count >= tries || surroundings.nowMs() - startedMs >= longestMs;
			if (waitMs === null || isEnough) throw error;
			onWait?.(error instanceof ServerRefusal ? error.refusal.code : "no answer");
			await surroundings.sleep(waitMs, signal);
		}
	}
}

/** @returns null when waiting is not what the server asked for */
function askedToWaitMs(error: unknown): number | null {
	if (!(error instanceof ServerRefusal)) return null;
	const { status, retryAfterSeconds } = error.refusal;
	if ((status !== 429 && status !== 503) || retryAfterSeconds === undefined) return null;
	return retryAfterSeconds > LONGEST_WAIT_SECONDS ? null : retryAfterSeconds * 1_000;
}

function isSilence(error: unknown): boolean {
	return error instanceof ConnectionError || (error instanceof ServerRefusal && error.refusal.status >= 500);
}

function pauseMs(count: number): number {
	return Math.min(FIRST_PAUSE_MS * 2 ** (count - 1), LONGEST_PAUSE_MS);
}
