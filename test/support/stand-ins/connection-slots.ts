// The connections that the platform lets one invocation have open at a time: six, for `fetch`, KV and R2 together. Whoever comes
// seventh waits. An answer that never comes does not hold its place for ever: the invocation ends before, and its connections with it.
import type { Clock } from "../../../src/storage/clock.ts";

const SLOTS = 6;
/** The longest that an invocation goes on for a connection that nobody waits for any more. */
const LOST_AFTER_MS = 60_000;

export class ConnectionSlots {
	readonly #clock: Clock;
	readonly #waiting: (() => void)[] = [];
	#taken = 0;
	/** most that were wanted together, those that wait with them */
	mostWanted = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Does the work as soon as there is room for it. */
	async hold<T>(work: () => Promise<T>): Promise<T> {
		this.mostWanted = Math.max(this.mostWanted, this.#taken + this.#waiting.length + 1);
		if (this.#taken >= SLOTS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
		else this.#taken += 1;
		let isHeld = true;
		// The place goes on to the next in turn, and is never free in between.
		const release = () => {
			if (!isHeld) return;
			isHeld = false;
			const next = this.#waiting.shift();
			if (next === undefined) this.#taken -= 1;
			else next();
		};
		const cancel = this.#clock.after(LOST_AFTER_MS, release);
		try {
			return await work();
		} finally {
			cancel();
			release();
		}
	}
}
