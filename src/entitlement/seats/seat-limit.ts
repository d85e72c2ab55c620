// When a license counts as full, and when that is news. Pure; the Account object keeps `wasFull` and asks at each change.

/**
 * A fleet that breathes around its limit is full once, not with each breath: a tenth of the seats, one at least, must have
 * been free in between. It is enough to ask when seats are taken: the fewest are taken right before that.
 * @returns the most seats that may be taken for a full license to count as one that has room again
 */
export function roomAgainAt(seats: number): number {
	return seats - Math.ceil(seats / 10);
}

export interface LimitFacts {
	/** what the decision before this one said */
	readonly wasFull: boolean;
	/** seats taken before the change */
	readonly before: number;
	/** seats taken after it */
	readonly after: number;
	/** of the license, as they are after the change */
	readonly seats: number;
}

/** @returns `isFull`: to be kept for the next decision; `reached`: whether it is news that no seat is left */
export function decideLimit({ wasFull, before, after, seats }: LimitFacts): { isFull: boolean; reached: boolean } {
	const stillFull = wasFull && before > roomAgainAt(seats);
	return { isFull: stillFull || after >= seats, reached: !stillFull && after >= seats };
}
