// A map that holds so much and no more: so many entries, or, where they are weighed, so much weight. The entry to give way is
// found by second chance: one that was read since the last time round is spared once. That is nearly least-recently-used,
// and reading costs one flag instead of a reordering.

export interface BoundedEntries<V> {
	get(key: string): V | undefined;
	/** What is heavier than the whole map may be is not kept, and nothing gives way to it. */
	set(key: string, value: V): void;
	delete(key: string): void;
	readonly size: number;
	/** of all entries together */
	readonly weight: number;
}

interface Place<V> {
	readonly value: V;
	readonly weight: number;
	used: boolean;
}

/**
 * @param maxWeight what the entries may weigh together
 * @param weightOf asked once per `set`, more than 0; each entry weighs 1 where it is not given
 */
export function createBoundedEntries<V>(
	maxWeight: number,
	weightOf: (value: V) => number = () => 1,
): BoundedEntries<V> {
	const places = new Map<string, Place<V>>();
	let weight = 0;

	function take(key: string): Place<V> | undefined {
		const place = places.get(key);
		if (place === undefined) return undefined;
		places.delete(key);
		weight -= place.weight;
		return place;
	}

	function makeRoomFor(needed: number): void {
		// Ends after at most two rounds: a spared entry goes to the end without its flag.
		for (const [key, place] of places) {
			if (weight + needed <= maxWeight) return;
			take(key);
			if (place.used) put(key, { ...place, used: false });
		}
	}

	function put(key: string, place: Place<V>): void {
		places.set(key, place);
		weight += place.weight;
	}

	return {
		get(key) {
			const place = places.get(key);
			if (place === undefined) return undefined;
			place.used = true;
			return place.value;
		},
		set(key, value) {
			const own = weightOf(value);
			const replaced = take(key);
			if (own > maxWeight) return;
			makeRoomFor(own);
			put(key, { value, weight: own, used: replaced !== undefined });
		},
		delete(key) {
			take(key);
		},
		get size() {
			return places.size;
		},
		get weight() {
			return weight;
		},
	};
}
