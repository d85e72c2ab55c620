// Ids that were used, in one table per ten minutes of their ends. To use an id writes one row, with no second index; a table
// whose ids have all ended is dropped whole, so that forgetting writes nothing per id. Plain synchronous SQL.

const PERIOD_SECONDS = 600;
const TABLE_PREFIX = "used_until_";

/** The tables that an object has; what is in them outlives it by minutes, so their form has no versions. */
export class UsedIds {
	readonly #sql: SqlStorage;
	/** numbers of periods that have a table */
	readonly #periods: Set<number>;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name GLOB ?", `${TABLE_PREFIX}*`);
		this.#periods = new Set([...tables].map(({ name }) => Number(name.slice(TABLE_PREFIX.length))));
	}

	get isEmpty(): boolean {
		return this.#periods.size === 0;
	}

	/**
	 * @param keepUntil unix seconds until which the id must be remembered
	 * @returns whether it is the id's first use; false also where the id was given another end before
	 */
	use(id: string, keepUntil: number): boolean {
		for (const period of this.#periods) {
			if (this.#sql.exec(`SELECT 1 FROM ${tableOf(period)} WHERE id = ?`, id).toArray().length > 0) return false;
		}
		const period = Math.ceil(keepUntil / PERIOD_SECONDS);
		if (!this.#periods.has(period)) this.#create(period);
		this.#sql.exec(`INSERT INTO ${tableOf(period)} (id) VALUES (?)`, id);
		return true;
	}

	/** Forgets the ids of all periods that are over. @param now unix seconds */
	forget(now: number): void {
		for (const period of [...this.#periods].filter((number) => number * PERIOD_SECONDS <= now)) {
			this.#sql.exec(`DROP TABLE ${tableOf(period)}`);
			this.#periods.delete(period);
		}
	}

	#create(period: number): void {
		// id: SHA-256 of client id and assertion id, base64
		this.#sql.exec(`CREATE TABLE ${tableOf(period)} (id TEXT PRIMARY KEY) WITHOUT ROWID`);
		this.#periods.add(period);
	}
}

function tableOf(period: number): string {
	return `${TABLE_PREFIX}${period}`;
}
