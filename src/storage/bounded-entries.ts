// A map with a fixed number of places. The entry to give way is found by second chance: an entry that was read since the
// last time round is spared once. That is nearly least-recently-used, and reading costs one flag instead of a reordering.

export interface BoundedEntries<V> {
	get(key: string): V | undefined;
	set(key: string, value: V): void;
	delete(key: string): void;
	readonly size: number;
}

export function createBoundedEntries<V>(maxEntries: number): BoundedEntries<V> {
	const places = new Map<string, { value: V; used: boolean }>();

	function makeRoom(): void {
		if (places.size < maxEntries) return;
		// Ends after at most one round and one step: a spared entry goes to the end without its flag.
		for (const [key, place] of places) {
			places.delete(key);
			if (!place.used) return;
			place.used = false;
			places.set(key, place);
		}
	}

	return {
		get(key) {
			const place = places.get(key);
			if (place === undefined) return undefined;
			place.used = true;
			return place.value;
		},
		set(key, value) {
			const place = places.get(key);
			if (place !== undefined) {
				place.value = value;
				place.used = true;
				return;
			}
			makeRoom();
			places.set(key, { value, used: false });
		},
		delete(key) {
			places.delete(key);
		},
		get size() {
			return places.size;
		},
	};
}
