// What a call of an object costs by what it does, not by a clock: rows, statements and JSON, each at a price above what was measured, so that a
// call within its budget is within its time on any machine. Runs in workerd and in Node.

export interface Counts {
	readonly rowsRead: number;
	readonly rowsWritten: number;
	readonly statements: number;
	/** characters that JSON.parse read and JSON.stringify made */
	readonly json: number;
}

/**
 * Nanoseconds of processor time, the thread of SQLite with it. `npm run bench:objects` shows beside each call what it really took: the sum is above
 * it in all calls that take long.
 */
const PRICES = { rowsRead: 1_000, rowsWritten: 8_000, statements: 10_000, json: 30 } as const;

/** @returns milliseconds */
export function costOf(counts: Counts): number {
	const names = Object.keys(PRICES) as (keyof Counts)[];
	return names.reduce((sum, name) => sum + counts[name] * PRICES[name], 0) / 1e6;
}
