// Things that are good for a while only: tokens, ETags, offers, signed URLs. A run may take any time, so each is made anew
// shortly before its end, with all that is made from it. Whoever measures asks between measurements, never during one.

export interface Lasting<T> {
	readonly value: T;
	/** unix seconds; Infinity = for ever */
	readonly endsAt: number;
}

export interface Perishable<T> {
	/** @returns the one at hand, or a fresh one when that is near its end; asked twice at once it is made once */
	get(): Promise<Lasting<T>>;
}

/** One turn with its warm-up fits into it many times, also on a slow machine. */
export const MARGIN_SECONDS = 60;

/** Whether something must be made anew before it is used again. */
export function isDue(endsAt: number, now: number): boolean {
	return now + MARGIN_SECONDS >= endsAt;
}

/**
 * @param make a fresh one; whatever that is made from must be named in its end, see `earliest`
 * @param now the clock, unix seconds
 */
export function perishable<T>(make: () => Promise<Lasting<T>>, now: () => number): Perishable<T> {
	let current: Promise<Lasting<T>> | null = null;

	function begin(): Promise<Lasting<T>> {
		const begun = make();
		current = begun;
		begun.catch(() => {
			if (current === begun) current = null;
		});
		return begun;
	}

	return {
		async get() {
			const before = current;
			const made = await before;
			if (made !== null && !isDue(made.endsAt, now())) return made;
			// Somebody else may have begun while this one waited.
			return current === before || current === null ? begin() : current;
		},
	};
}

/** @returns when the first of several things ends; Infinity of none */
export function earliest(ends: Iterable<number>): number {
	let first = Number.POSITIVE_INFINITY;
	for (const end of ends) first = Math.min(first, end);
	return first;
}
