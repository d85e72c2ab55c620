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

/** The seats of a license that are to go over to another, in the order of their holders. */
export interface SeatsUpTo {
	readonly from: string;
	readonly to: string;
	/** holder of the last one that does */
	readonly last: string;
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
		// By the ends and not by the license, or every seat of the license would be looked at.
		const query = "SELECT COUNT(*) AS n FROM seats INDEXED BY seats_by_end WHERE until <= ? AND license = ?";
		return this.takenAtMost(license) - Number(this.#sql.exec(query, now, license).one()["n"]);
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

	/** Keeps whether a license counts as full (entitlement/seats/seat-limit.ts). */
	setFull(license: string, isFull: boolean): void {
		this.#sql.exec(
			`INSERT INTO seat_counts (license, taken, is_full) VALUES (?, 0, ?)
			ON CONFLICT (license) DO UPDATE SET is_full = excluded.is_full`,
			license,
			isFull ? 1 : 0,
		);
	}

	/** Moves the end of a lease, or gives one to a seat that was for good. */
	extend(holder: string, until: number): void {
		this.#sql.exec("UPDATE seats SET until = ? WHERE holder = ?", until, holder);
	}

	/** @returns seats of a license, in the order of their holders from the first; the leases of some may be over */
	ofLicense(license: string, limit: number): Seat[] {
		return this.#seats("SELECT * FROM seats WHERE license = ? ORDER BY holder LIMIT ?", license, limit);
	}

	/**
	 * Moves seats of one license to another.
	 * @param least when a lease ends at the earliest, unix seconds; null: they are for good from now on
	 * @param count how many they are
	 */
	move({ from, to, last }: SeatsUpTo, least: number | null, count: number): void {
		const query = "UPDATE seats SET license = ?, until = MAX(?, until) WHERE license = ? AND holder <= ?";
		this.#sql.exec(query, to, least, from, last);
		this.#count(from, -count);
		this.#count(to, count);
	}

	/** @param after holder of the last one before @returns seats of a license that are for good, in the order of their holders */
	forGood(license: string, after: string, limit: number): Seat[] {
		const query = "SELECT * FROM seats WHERE license = ? AND holder > ? AND until IS NULL ORDER BY holder LIMIT ?";
		return this.#seats(query, license, after, limit);
	}

	/** @returns seats whose lease is over, the oldest first */
	ended(now: number, limit: number): Seat[] {
		return this.#seats("SELECT * FROM seats WHERE until <= ? ORDER BY until LIMIT ?", now, limit);
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
