// Random numbers that one seed determines, so that a schedule can be run again.

export interface Random {
	/** 0 ≤ x < 1 */
	next(): number;
	/** min ≤ x < max */
	between(min: number, max: number): number;
	chance(probability: number): boolean;
	/** @throws when there is nothing to pick from */
	pick<T>(from: readonly T[]): T;
}

export function createRandom(seed: number): Random {
	let state = (seed * 0x9e3779b1) >>> 0;
	// mulberry32
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
	return {
		next,
		between: (min, max) => min + next() * (max - min),
		chance: (probability) => next() < probability,
		pick(from) {
			const picked = from[Math.floor(next() * from.length)];
			if (picked === undefined) throw new RangeError("nothing to pick from");
			return picked;
		},
	};
}
