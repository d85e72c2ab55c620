// When a key may be written again: some stores lose the later one of two writes that come at once. Remembers what this
// object wrote, in memory, and forgets it when it does not matter any more.
import { isRevisionKey } from "../../storage/record-store.ts";
import type { RecordStep } from "./outbox-rows.ts";

export class WritePace {
	readonly #startedMs: number;
	readonly #lastWriteMs = new Map<string, number>();

	/** @param nowMs when the object came to life, unix ms */
	constructor(nowMs: number) {
		this.#startedMs = nowMs;
	}

	/** @param intervalMs least time between two writes of one key in this lane; 0 = any @returns ms to wait, 0 = none */
	waitMs(lane: string, intervalMs: number, step: RecordStep, nowMs: number): number {
		if (intervalMs === 0) return 0;
		for (const [key, at] of this.#lastWriteMs) if (at + intervalMs <= nowMs) this.#lastWriteMs.delete(key);
		const last = this.#lastWriteMs.get(`${lane} ${step.key}`) ?? this.#writtenBefore(step);
		return Math.max(0, last + intervalMs - nowMs);
	}

	/** To be called when a write has ended, well or not. */
	note(lane: string, intervalMs: number, key: string, nowMs: number): void {
		if (intervalMs > 0) this.#lastWriteMs.set(`${lane} ${key}`, nowMs);
	}

	/**
	 * The object may have written the key a moment before it died or was restarted, and does not remember: then it counts
	 * its own start as that write. Not for a first version, before which nothing was written, nor for a revision, which never changes.
	 */
	#writtenBefore({ key, version }: RecordStep): number {
		return version > 1 && !isRevisionKey(key) ? this.#startedMs : Number.NEGATIVE_INFINITY;
	}
}
