// How often something may happen: so many at once, and one per interval in the long run. All it remembers is one number, the
// time up to which the allowance is spent (the generic cell rate algorithm). Pure.

export interface Allowance {
	/** seconds in which one more is earned */
	readonly everySeconds: number;
	/** how many may come at once, after a long rest */
	readonly burst: number;
}

/**
 * @param spentTo what `spend` gave last, 0 at first
 * @returns unix seconds from which one more is allowed
 */
export function allowedFrom(spentTo: number, { everySeconds, burst }: Allowance): number {
	return spentTo - (burst - 1) * everySeconds;
}

/** @param now unix seconds @returns the new `spentTo`, after one more */
export function spend(spentTo: number, now: number, { everySeconds }: Allowance): number {
	return Math.max(spentTo, now) + everySeconds;
}
