// When a key may be written again: some stores lose the later one of two writes that come at once, and every move of `heads`
// has every edge read again, so however much changes it moves once in a while only, in every store. Remembers what this
// object wrote, in memory, and forgets it when it does not matter any more.
import { HEADS_KEY } from "../../storage/keys.ts";
import { isRevisionKey } from "../../storage/record-store.ts";
import type { RecordStep } from "./outbox-rows.ts";

/** Least times between two writes of one key, in ms; 0 = any. */
export interface WriteIntervals {
	/** below which the store loses the later write */
	readonly writeIntervalMs: number;
	/** of `heads`, where that is longer */
	readonly headsIntervalMs?: number;
}

export class WritePace {
	readonly #startedMs: number;
	readonly #lastWriteMs = new Map<string, number>();

	/** @param nowMs when the object came to life, unix ms */
	constructor(nowMs: number) {
		this.#startedMs = nowMs;
	}

	/** @param intervals of this lane @returns ms to wait, 0 = none */
	waitMs(lane: string, intervals: WriteIntervals, step: RecordStep, nowMs: number): number {
		const intervalMs = intervalOf(intervals, step.key);
		if (intervalMs === 0) return 0;
		for (const [key, at] of this.#lastWriteMs) if (at + intervalMs <= nowMs) this.#lastWriteMs.delete(key);
		const last = this.#lastWriteMs.get(`${lane} ${step.key}`) ?? this.#writtenBefore(intervals, step);
		return Math.max(0, last + intervalMs - nowMs);
	}

	/** To be called when a write has ended, well or not. */
	note(lane: string, intervals: WriteIntervals, key: string, nowMs: number): void {
		if (intervalOf(intervals, key) > 0) this.#lastWriteMs.set(`${lane} ${key}`, nowMs);
	}

	/**
	 * The object may have written the key a moment before it died or was restarted, and does not remember: then it counts
	 * its own start as that write. Not for a first version, before which nothing was written, nor for a revision, which never changes.
	 */
	#writtenBefore({ writeIntervalMs }: WriteIntervals, { key, version }: RecordStep): number {
		if (writeIntervalMs === 0) return Number.NEGATIVE_INFINITY;
		return version > 1 && !isRevisionKey(key) ? this.#startedMs : Number.NEGATIVE_INFINITY;
	}
}

function intervalOf({ writeIntervalMs, headsIntervalMs = 0 }: WriteIntervals, key: string): number {
	return key === HEADS_KEY ? Math.max(writeIntervalMs, headsIntervalMs) : writeIntervalMs;
}
