// The daily round through all owners of records, of which each run of the cron trigger makes a part: how far it has come, who did
// not answer and is called again, and whose records a store does not take. Plain synchronous SQL.

/** Where a round goes on. */
export interface RoundPosition {
	/** id of the account that was reached; "" = none yet */
	readonly account: string;
	/** name of the page of its records that is next; null = all were looked at */
	readonly after: string | null;
}

/** An owner that is to be called. */
export interface OwnerTurn {
	/** id of an account, or name of a product */
	readonly owner: string;
	readonly isProduct: boolean;
	/** page of its records that is next; "" = the first */
	readonly after: string;
	/** how often in this round it did not answer */
	readonly tries: number;
}

export interface OwnerBehind {
	/** an account or a product */
	readonly owner: string;
	readonly lane: string;
	/** in a row */
	readonly failures: number;
}

/** The list of accounts, a page at a time, and all products (directory-tables.ts). */
export interface Owners {
	accounts(after: string, limit: number): { accounts: readonly { readonly id: string }[]; next: string | null } | null;
	products(): readonly { readonly name: string }[];
}

export interface RoundPart {
	/** at the beginning of a round: all of them */
	readonly products: readonly string[];
	/** in their order, each with the page of its records that is next */
	readonly accounts: readonly { readonly id: string; readonly after: string }[];
	/** who did not answer in an earlier run of this round, least often first */
	readonly missed: readonly OwnerTurn[];
	/** whether there are no accounts behind these */
	readonly isLast: boolean;
}

export interface RoundResult {
	/** null = the round is over */
	readonly position: RoundPosition | null;
	/** all of whose records were looked at */
	readonly owners: readonly string[];
	readonly behind: readonly OwnerBehind[];
	/** `missed` of the part that this is the result of */
	readonly again: readonly OwnerTurn[];
	/** who did not answer now, or was not called again for want of calls */
	readonly missed: readonly OwnerTurn[];
}

export const ROUND_TABLES = [
	`CREATE TABLE round ( -- one row: the daily round through all owners
		began_at INTEGER NOT NULL,
		account TEXT, -- how far it has come; null = it is over
		after TEXT -- page of that account that is next; null = all were looked at
	)`,
	`CREATE TABLE owners_missed ( -- who did not answer in this round, and is called again in its later runs
		owner TEXT NOT NULL,
		is_product INTEGER NOT NULL, -- 0, 1
		after TEXT NOT NULL, -- page of its records that is next
		tries INTEGER NOT NULL,
		PRIMARY KEY (owner, is_product)
	) WITHOUT ROWID`,
	`CREATE TABLE owners_behind ( -- whose records a store did not take, as the round found them
		owner TEXT NOT NULL,
		lane TEXT NOT NULL,
		failures INTEGER NOT NULL,
		PRIMARY KEY (owner, lane)
	) WITHOUT ROWID`,
];

/** A little less than a day, so that a round does not begin later every day. */
const ROUND_SECONDS = 86_400 - 1_800;
const NAMED = 5;
/** Runs are five minutes apart: who did not answer in twenty is called again tomorrow. */
const MAX_TRIES = 5;

type MissedRow = { owner: string; is_product: number; after: string; tries: number };
type Row = { began_at: number; account: string | null; after: string | null };

export class Rounds {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/**
	 * Begins a round when the last one began a day ago.
	 * @param now unix seconds @param limit of accounts @param missedLimit of those who did not answer
	 * @returns who is next; null = there is nothing to do until tomorrow
	 */
	goOn(owners: Owners, now: number, limit: number, missedLimit: number): RoundPart | null {
		const row = this.#row();
		const isOver = row === null || row.account === null;
		if (row !== null && isOver && now < row.began_at + ROUND_SECONDS) {
			const missed = this.#missed(missedLimit);
			return missed.length === 0 ? null : { products: [], accounts: [], missed, isLast: true };
		}
		if (isOver) {
			this.#sql.exec("DELETE FROM round");
			this.#sql.exec("DELETE FROM owners_missed");
			this.#sql.exec("INSERT INTO round (began_at, account, after) VALUES (?, '', NULL)", now);
		}
		const { account, after } = isOver ? { account: "", after: null } : row;
		const { accounts = [], next = null } = owners.accounts(account ?? "", limit) ?? {};
		const begun = after === null ? [] : [{ id: account ?? "", after }];
		return {
			products: isOver ? owners.products().map(({ name }) => name) : [],
			accounts: [...begun, ...accounts.map(({ id }) => ({ id, after: "" }))],
			missed: this.#missed(missedLimit),
			isLast: next === null,
		};
	}

	/** Keeps how far the round has come, who is called again, and of whom it has looked at all records in which lanes steps fail. */
	reach({ position, owners, behind, again, missed }: RoundResult): void {
		for (const { owner, isProduct } of again) {
			this.#sql.exec("DELETE FROM owners_missed WHERE owner = ? AND is_product = ?", owner, Number(isProduct));
		}
		for (const { owner, isProduct, after, tries } of missed) {
			if (tries >= MAX_TRIES) continue;
			const query = "INSERT OR REPLACE INTO owners_missed (owner, is_product, after, tries) VALUES (?, ?, ?, ?)";
			this.#sql.exec(query, owner, Number(isProduct), after, tries);
		}
		this.#sql.exec("UPDATE round SET account = ?, after = ?", position?.account ?? null, position?.after ?? null);
		for (const owner of owners) this.#sql.exec("DELETE FROM owners_behind WHERE owner = ?", owner);
		for (const { owner, lane, failures } of behind) {
			const query = "INSERT OR REPLACE INTO owners_behind (owner, lane, failures) VALUES (?, ?, ?)";
			this.#sql.exec(query, owner, lane, failures);
		}
	}

	/** @returns how many owners have records that a store does not take, the first few of them, and when the round began, unix seconds */
	behind(): { readonly count: number; readonly first: string[]; readonly asOf: number | null } {
		const count = Number(this.#sql.exec("SELECT COUNT(DISTINCT owner) AS n FROM owners_behind").one()["n"]);
		const query = "SELECT DISTINCT owner FROM owners_behind ORDER BY owner LIMIT ?";
		const first = this.#sql.exec<{ owner: string }>(query, NAMED).toArray();
		return { count, first: first.map(({ owner }) => owner), asOf: this.#row()?.began_at ?? null };
	}

	#missed(limit: number): OwnerTurn[] {
		const query = "SELECT * FROM owners_missed ORDER BY tries, owner LIMIT ?";
		const rows = this.#sql.exec<MissedRow>(query, limit).toArray();
		return rows.map(({ is_product: isProduct, ...row }) => ({ ...row, isProduct: isProduct === 1 }));
	}

	#row(): Row | null {
		return this.#sql.exec<Row>("SELECT began_at, account, after FROM round").toArray()[0] ?? null;
	}
}
