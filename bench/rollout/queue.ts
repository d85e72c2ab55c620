// What happens next in virtual time: a binary heap.
export interface Timed {
	/** seconds */
	readonly at: number;
}

export class Queue<T extends Timed> {
	readonly #heap: T[] = [];

	get nextAt(): number {
		return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
	}

	add(item: T): void {
		const heap = this.#heap;
		let place = heap.push(item) - 1;
		while (place > 0) {
			const parent = (place - 1) >> 1;
			if (this.#at(parent).at <= item.at) break;
			heap[place] = this.#at(parent);
			place = parent;
		}
		heap[place] = item;
	}

	/** @throws RangeError when it is empty */
	take(): T {
		const heap = this.#heap;
		const first = this.#at(0);
		const last = heap.pop() ?? first;
		if (heap.length === 0) return first;
		let place = 0;
		for (;;) {
			let child = place * 2 + 1;
			if (child >= heap.length) break;
			if (child + 1 < heap.length && this.#at(child + 1).at < this.#at(child).at) child += 1;
			if (this.#at(child).at >= last.at) break;
			heap[place] = this.#at(child);
			place = child;
		}
		heap[place] = last;
		return first;
	}

	#at(place: number): T {
		const found = this.#heap[place];
		if (found === undefined) throw new RangeError("nothing is due");
		return found;
	}
}
