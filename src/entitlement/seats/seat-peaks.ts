// The most seats of a license that were taken on each day (UTC). A day is written down with its first change, with the seats
// taken before it: so on a day that is missing nothing changed, and the next day says how many were taken. Pure.

export const PEAK_DAYS_KEPT = 400;
const DAY_SECONDS = 86_400;

/** A day that is written down. */
export interface DayOfSeats {
	/** days since 1970 */
	readonly day: number;
	/** seats taken before its first change */
	readonly start: number;
	readonly peak: number;
}

export interface PeakOfDay {
	readonly day: number;
	readonly taken: number;
}

/** @param now unix seconds @returns days since 1970 */
export function dayOf(now: number): number {
	return Math.floor(now / DAY_SECONDS);
}

/** @param day days since 1970 @returns unix seconds */
export function startOf(day: number): number {
	return day * DAY_SECONDS;
}

export interface PeakFacts {
	/** the days written down, the earliest first */
	readonly written: readonly DayOfSeats[];
	/** seats taken now */
	readonly taken: number;
	readonly today: number;
	/** how many days are wanted, today with them */
	readonly days: number;
}

/** @returns each day from the first that is known, the earliest first; today is the last one */
export function peaksOf({ written, taken, today, days }: PeakFacts): PeakOfDay[] {
	const peaks: PeakOfDay[] = [];
	const from = Math.max(today - days + 1, Math.min(today, written[0]?.day ?? today));
	const left = [...written];
	let meanwhile = taken;
	for (let day = today; day >= from; day--) {
		const row = left.at(-1)?.day === day ? left.pop() : undefined;
		peaks.push({ day, taken: Math.max(meanwhile, row?.peak ?? 0) });
		meanwhile = row?.start ?? meanwhile;
	}
	return peaks.reverse();
}
