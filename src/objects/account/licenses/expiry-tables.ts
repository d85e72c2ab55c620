// Of which ends of its licenses an Account has yet to tell, and when: a row per license and distinct end, until the end has
// been told. Plain synchronous SQL; no rule is decided here.

export interface AwaitedNotice {
	readonly license: string;
	/** unix seconds */
	readonly endsAt: number;
	/** unix seconds of the next notice */
	readonly dueAt: number;
}

type Row = { license: string; ends_at: number; due_at: number };

export class ExpiryTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @returns unix seconds of the first notice; null = none is awaited */
	firstDue(): number | null {
		const query = "SELECT due_at FROM expiry_notices ORDER BY due_at LIMIT 1";
		return this.#sql.exec<{ due_at: number }>(query).toArray()[0]?.due_at ?? null;
	}

	/** @returns those that are due by then, the earliest first */
	due(now: number, limit: number): AwaitedNotice[] {
		return this.#notices("SELECT * FROM expiry_notices WHERE due_at <= ? ORDER BY due_at, license LIMIT ?", now, limit);
	}

	of(license: string): AwaitedNotice[] {
		return this.#notices("SELECT * FROM expiry_notices WHERE license = ? ORDER BY ends_at", license);
	}

	save({ license, endsAt, dueAt }: AwaitedNotice): void {
		const query = "INSERT OR REPLACE INTO expiry_notices (license, ends_at, due_at) VALUES (?, ?, ?)";
		this.#sql.exec(query, license, endsAt, dueAt);
	}

	remove({ license, endsAt }: Pick<AwaitedNotice, "license" | "endsAt">): void {
		this.#sql.exec("DELETE FROM expiry_notices WHERE license = ? AND ends_at = ?", license, endsAt);
	}

	#notices(query: string, ...values: (string | number)[]): AwaitedNotice[] {
		return this.#sql
			.exec<Row>(query, ...values)
			.toArray()
			.map(({ license, ends_at: endsAt, due_at: dueAt }) => ({ license, endsAt, dueAt }));
	}
}
