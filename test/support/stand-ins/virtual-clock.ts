// A clock that moves only when a test moves it, with timers that run on the way. It counts those that are still set.
import type { Clock } from "../../../src/storage/clock.ts";

interface Timer {
	readonly atMs: number;
	readonly run: () => void;
}

export class VirtualClock implements Clock {
	#nowMs: number;
	readonly #timers = new Set<Timer>();

	constructor(nowMs: number) {
		this.#nowMs = nowMs;
	}

	nowMs(): number {
		return this.#nowMs;
	}

	after(ms: number, run: () => void): () => void {
		const timer: Timer = { atMs: this.#nowMs + ms, run };
		this.#timers.add(timer);
		return () => {
			this.#timers.delete(timer);
		};
	}

	sleep(ms: number): Promise<void> {
		return new Promise((resolve) => {
			this.after(ms, resolve);
		});
	}

	/** timers that neither ran nor were cancelled */
	get timers(): number {
		return this.#timers.size;
	}

	/** Lets so much time pass: what falls due runs in its order, and whatever waits for it goes on before time does. */
	async advance(ms: number): Promise<void> {
		const endMs = this.#nowMs + ms;
		await settleMicrotasks();
		for (let timer = this.#nextUntil(endMs); timer !== null; timer = this.#nextUntil(endMs)) {
			this.#timers.delete(timer);
			this.#nowMs = timer.atMs;
			timer.run();
			await settleMicrotasks();
		}
		this.#nowMs = endMs;
	}

	/**
	 * Lets time pass until the promise is settled.
	 * @returns how long that took in ms
	 */
	async untilSettled(promise: Promise<unknown>, limitMs = 10_000): Promise<number> {
		const startMs = this.#nowMs;
		let isSettled = false;
		const note = () => {
			isSettled = true;
		};
		promise.then(note, note);
		await settleMicrotasks();
		while (!isSettled) {
			if (this.#nowMs - startMs >= limitMs) throw new Error(`not settled after ${limitMs} ms`);
			await this.advance(1);
		}
		return this.#nowMs - startMs;
	}

	#nextUntil(endMs: number): Timer | null {
		let next: Timer | null = null;
		for (const timer of this.#timers)
			if (timer.atMs <= endMs && (next === null || timer.atMs < next.atMs)) next = timer;
		return next;
	}
}

/** Longer than any chain of promises in the code under test. */
async function settleMicrotasks(): Promise<void> {
	for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
