// Who has a seat, a device or an HA group: one row per seat, with the end of its lease where the license is elastic. How many
// rows a license has is counted along, because no decision may count 100,000 of them. Plain synchronous SQL; no rule is
// decided here.

export interface Seat {
	/** id of a device, or of the HA group that its devices share it in */
	readonly holder: string;
	readonly license: string;
	/** end of its lease, unix seconds; null = for good */
	readonly until: number | null;
}

export class SeatTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @returns the holder's seat, though its lease may be over */
	seat(holder: string): Seat | null {
		return this.#seats("SELECT * FROM seats WHERE holder = ?", holder)[0] ?? null;
	}

	/**
	 * The seats that are taken, exactly: those whose lease is over are not, whether or not they have been swept. Only these
	 * are counted, and the alarm keeps them few.
	 */
	taken(license: string, now: number): number {
		const ended = this.#sql.exec("SELECT COUNT(*) AS n FROM seats WHERE until <= ? AND license = ?", now, license);
		return this.takenAtMost(license) - Number(ended.one()["n"]);
	}

	/** The seats that are taken, with those whose lease is over and that have not been swept: a number that is kept along. */
	takenAtMost(license: string): number {
		const query = "SELECT taken FROM seat_counts WHERE license = ?";
		return this.#sql.exec<{ taken: number }>(query, license).toArray()[0]?.taken ?? 0;
	}

	/** Gives a seat to a holder that has none. */
	take({ holder, license, until }: Seat): void {
		this.#sql.exec("INSERT INTO seats (holder, license, until) VALUES (?, ?, ?)", holder, license, until);
		this.#count(license, 1);
	}

	/** Takes a seat away from its holder. @param seat as it is stored */
	free({ holder, license }: Seat): void {
		this.#sql.exec("DELETE FROM seats WHERE holder = ?", holder);
		this.#count(license, -1);
	}

	/** @returns what `setFull` said last */
	isFull(license: string): boolean {
		const query = "SELECT is_full FROM seat_counts WHERE license = ?";
		return this.#sql.exec<{ is_full: number }>(query, license).toArray()[0]?.is_full === 1;
	}

	/** Keeps whether a license counts as full (entitlement/seat-limit.ts). */
	setFull(license: string, isFull: boolean): void {
		this.#sql.exec(
			`INSERT INTO seat_counts (license, taken, is_full) VALUES (?, 0, ?)
			ON CONFLICT (license) DO UPDATE SET is_full = excluded.is_full`,
			license,
			isFull ? 1 : 0,
		);
	}

	/** Moves the end of a lease. */
	extend(holder: string, until: number): void {
		this.#sql.exec("UPDATE seats SET until = ? WHERE holder = ?", until, holder);
	}

	/**
	 * Moves every seat of one license to another.
	 * @param lease null: for good from now on; else the end of a lease, for seats that end later no earlier than they did, and
	 * for those that had none
	 * @returns how many
	 */
	moveAll(from: string, to: string, lease: { least: number; ofFixed: number } | null): number {
		const end = lease === null ? "NULL" : "MAX(?, COALESCE(until, ?))";
		const ends = lease === null ? [] : [lease.least, lease.ofFixed];
		const moved = this.#sql.exec(
			`UPDATE seats SET license = ?, until = ${end} WHERE license = ? RETURNING 1`,
			to,
			...ends,
			from,
		);
		const count = moved.toArray().length;
		this.#count(from, -count);
		this.#count(to, count);
		return count;
	}

	/** @param license null = any @returns seats whose lease is over, the oldest first */
	ended(now: number, limit: number, license: string | null = null): Seat[] {
		const query = "SELECT * FROM seats WHERE until <= ? AND (? IS NULL OR license = ?) ORDER BY until LIMIT ?";
		return this.#seats(query, now, license, license, limit);
	}

	/** @returns end of the lease that ends first; null = there is no lease */
	firstEnd(): number | null {
		const query = "SELECT until FROM seats WHERE until IS NOT NULL ORDER BY until LIMIT 1";
		return this.#sql.exec<{ until: number }>(query).toArray()[0]?.until ?? null;
	}

	#seats(query: string, ...values: (string | number | null)[]): Seat[] {
		return this.#sql.exec<{ holder: string; license: string; until: number | null }>(query, ...values).toArray();
	}

	#count(license: string, change: number): void {
		this.#sql.exec(
			`INSERT INTO seat_counts (license, taken) VALUES (?, ?)
			ON CONFLICT (license) DO UPDATE SET taken = taken + excluded.taken`,
			license,
			change,
		);
	}
}
