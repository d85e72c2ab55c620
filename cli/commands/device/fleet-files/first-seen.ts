// On which line a text was first seen, for millions of them in little memory: 12 bytes each at twice the room, by 64 bits of
// their SHA-256. Two different texts out of a million look the same once in 30 million such files.
import { createHash } from "node:crypto";

const FIRST_SLOTS = 1 << 12;

export class FirstSeen {
	readonly #limit: number;
	#high = new Uint32Array(FIRST_SLOTS);
	#low = new Uint32Array(FIRST_SLOTS);
	/** 0 = the slot is free */
	#line = new Uint32Array(FIRST_SLOTS);
	#count = 0;

	/** @param limit texts that are remembered at most */
	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Whether texts are no longer remembered. */
	get isFull(): boolean {
		return this.#count >= this.#limit;
	}

	/** @returns the line on which the text was seen; null = never, as far as is remembered */
	lineOf(text: string): number | null {
		const hash = createHash("sha256").update(text).digest();
		return this.#line[this.#slot(hash.readUInt32LE(0), hash.readUInt32LE(4))] || null;
	}

	/** @param line from 1 on @returns the line on which the text was seen before; null = never, as far as is remembered */
	see(text: string, line: number): number | null {
		const hash = createHash("sha256").update(text).digest();
		const [high, low] = [hash.readUInt32LE(0), hash.readUInt32LE(4)];
		const at = this.#slot(high, low);
		const known = this.#line[at] ?? 0;
		if (known !== 0) return known;
		if (this.isFull) return null;
		this.#put(at, high, low, line);
		this.#count += 1;
		if (this.#count * 2 > this.#line.length) this.#grow();
		return null;
	}

	/** The slot of this hash, or the free one where it belongs. */
	#slot(high: number, low: number): number {
		const mask = this.#line.length - 1;
		let at = low & mask;
		while (this.#line[at] !== 0 && (this.#low[at] !== low || this.#high[at] !== high)) at = (at + 1) & mask;
		return at;
	}

	#put(at: number, high: number, low: number, line: number): void {
		this.#high[at] = high;
		this.#low[at] = low;
		this.#line[at] = line;
	}

	#grow(): void {
		const [highs, lows, lines] = [this.#high, this.#low, this.#line];
		const slots = lines.length * 2;
		[this.#high, this.#low, this.#line] = [new Uint32Array(slots), new Uint32Array(slots), new Uint32Array(slots)];
		for (const [index, line] of lines.entries()) {
			if (line === 0) continue;
			const [high, low] = [highs[index] ?? 0, lows[index] ?? 0];
			this.#put(this.#slot(high, low), high, low, line);
		}
	}
}
