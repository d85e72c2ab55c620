// What an Account remembers of its licenses' seats: the most that were taken on each day, and which refusals were told
// lately. Both are bounded, and pruned on the way. Plain synchronous SQL; no rule is decided here.
import { type DayOfSeats, PEAK_DAYS_KEPT } from "../../../entitlement/seats/seat-peaks.ts";
import { REFUSALS_KEPT_SECONDS } from "../../../entitlement/seats/seat-refusal.ts";

export class SeatHistoryTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	day(license: string, day: number): DayOfSeats | null {
		const query = "SELECT day, start, peak FROM seat_peaks WHERE license = ? AND day = ?";
		return this.#sql.exec<{ day: number; start: number; peak: number }>(query, license, day).toArray()[0] ?? null;
	}

	/** Writes the day as it is given, new or changed. Days that nobody asks for go, but for the last of them: it says what followed. */
	saveDay(license: string, { day, start, peak }: DayOfSeats): void {
		const query = "INSERT OR REPLACE INTO seat_peaks (license, day, start, peak) VALUES (?, ?, ?, ?)";
		this.#sql.exec(query, license, day, start, peak);
		this.#sql.exec(
			"DELETE FROM seat_peaks WHERE license = ? AND day < (SELECT MAX(day) FROM seat_peaks WHERE license = ? AND day <= ?)",
			license,
			license,
			day - PEAK_DAYS_KEPT,
		);
	}

	/** @returns the rows of the given day and of later days, and the last row before that day; earliest first */
	days(license: string, from: number): DayOfSeats[] {
		return this.#sql
			.exec<{ day: number; start: number; peak: number }>(
				`SELECT day, start, peak FROM seat_peaks WHERE license = ?
				AND day >= COALESCE((SELECT MAX(day) FROM seat_peaks WHERE license = ? AND day < ?), ?) ORDER BY day`,
				license,
				license,
				from,
				from,
			)
			.toArray();
	}

	/** @returns when a refusal of that device or serial number was told last, as far as that is remembered */
	refusalToldAt(license: string, who: string): number | null {
		const query = "SELECT at FROM seat_refusals WHERE license = ? AND who = ?";
		return this.#sql.exec<{ at: number }>(query, license, who).toArray()[0]?.at ?? null;
	}

	/** @returns how many of the devices and serial numbers remembered here were told of after that time */
	refusalsSince(license: string, time: number): number {
		const query = "SELECT COUNT(*) AS n FROM seat_refusals WHERE license = ? AND at > ?";
		return this.#sql.exec<{ n: number }>(query, license, time).one().n;
	}

	saveRefusal(license: string, who: string, at: number): void {
		this.#sql.exec("INSERT OR REPLACE INTO seat_refusals (license, who, at) VALUES (?, ?, ?)", license, who, at);
		this.#sql.exec("DELETE FROM seat_refusals WHERE license = ? AND at <= ?", license, at - REFUSALS_KEPT_SECONDS);
	}
}
