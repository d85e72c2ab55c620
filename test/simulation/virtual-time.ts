// Time of a simulated deployment: it passes from one timer to the next, and whatever a timer sets going comes to rest before
// the next one runs. While it runs it stands in for the platform's own clock, timers and randomness, since that is what the
// objects use.
import type { Clock } from "../../src/storage/clock.ts";
import type { Random } from "./random.ts";

interface Timer {
	readonly atMs: number;
	readonly order: number;
	run: (() => void) | null;
}

export class VirtualTime implements Clock {
	#nowMs: number;
	#order = 0;
	/** a binary heap, earliest first */
	readonly #timers: Timer[] = [];

	constructor(nowMs: number) {
		this.#nowMs = nowMs;
	}

	nowMs(): number {
		return this.#nowMs;
	}

	after(ms: number, run: () => void): () => void {
		const timer: Timer = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, run };
		this.#push(timer);
		return () => {
			timer.run = null;
		};
	}

	at(ms: number, run: () => void): void {
		this.after(ms - this.#nowMs, run);
	}

	pass(ms: number): Promise<void> {
		return new Promise((resolve) => {
			this.after(ms, resolve);
		});
	}

	/** Lets time pass up to a moment. @throws what a timer throws */
	async runUntil(endMs: number): Promise<void> {
		await settle();
		for (let timer = this.#timers[0]; timer !== undefined && timer.atMs <= endMs; timer = this.#timers[0]) {
			this.#pop();
			if (timer.run === null) continue;
			this.#nowMs = timer.atMs;
			timer.run();
			await settle();
		}
		this.#nowMs = endMs;
	}

	/** Stands in for the platform while `work` runs. */
	async instead<T>(random: Random, work: () => Promise<T>): Promise<T> {
		const real = {
			now: Date.now,
			random: Math.random,
			setTimeout: globalThis.setTimeout,
			clear: globalThis.clearTimeout,
		};
		const setTimer = (run: () => void, ms = 0) => this.after(ms, run);
		Date.now = () => Math.floor(this.#nowMs);
		Math.random = () => random.next();
		globalThis.setTimeout = setTimer as unknown as typeof setTimeout;
		globalThis.clearTimeout = ((cancel?: () => void) => cancel?.()) as unknown as typeof clearTimeout;
		try {
			return await work();
		} finally {
			Date.now = real.now;
			Math.random = real.random;
			globalThis.setTimeout = real.setTimeout;
			globalThis.clearTimeout = real.clear;
		}
	}

	#push(timer: Timer): void {
		const heap = this.#timers;
		let place = heap.push(timer) - 1;
		while (place > 0) {
			const parent = (place - 1) >> 1;
			const above = heap[parent];
			if (above === undefined || isEarlier(above, timer)) break;
			heap[place] = above;
			place = parent;
		}
		heap[place] = timer;
	}

	#pop(): void {
		const heap = this.#timers;
		const last = heap.pop();
		if (last === undefined || heap.length === 0) return;
		let place = 0;
		for (;;) {
			let child = place * 2 + 1;
			let below = heap[child];
			if (below === undefined) break;
			const right = heap[child + 1];
			if (right !== undefined && isEarlier(right, below)) {
				child += 1;
				below = right;
			}
			if (isEarlier(last, below)) break;
			heap[place] = below;
			place = child;
		}
		heap[place] = last;
	}
}

function isEarlier(one: Timer, other: Timer): boolean {
	return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

const { setImmediate: macrotask } = globalThis;

/** Every promise that can go on has gone on before the next macrotask. */
function settle(): Promise<void> {
	return new Promise((resolve) => {
		macrotask(resolve);
	});
}
