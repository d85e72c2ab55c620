// The rows of the TUF repository: the newest file of each role, what of them R2 has not got yet, and role files that wait for
// further signatures. Plain synchronous SQL; every file is kept as the text that was signed.
import type { Schema } from "../schema.ts";
import { LOG_TABLES } from "./log-tables.ts";

export const TRUST_SCHEMA: Schema = {
	tables: [
		`CREATE TABLE files (
			role TEXT PRIMARY KEY, -- root, targets, snapshot, timestamp, or a product
			version INTEGER NOT NULL,
			body TEXT NOT NULL -- JSON, as it was signed
		) WITHOUT ROWID`,
		`CREATE TABLE unwritten (
			file TEXT PRIMARY KEY, -- 3.crs.json
			body TEXT NOT NULL
		)`,
		`CREATE TABLE proposals (
			product TEXT PRIMARY KEY,
			body TEXT NOT NULL -- a role file that too few have signed
		) WITHOUT ROWID`,
		...LOG_TABLES,
	],
	steps: [],
};

export interface TrustFile {
	readonly role: string;
	readonly version: number;
	readonly body: string;
}

export class TrustTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	file(role: string): TrustFile | null {
		const query = "SELECT role, version, body FROM files WHERE role = ?";
		return this.#sql.exec<{ role: string; version: number; body: string }>(query, role).toArray()[0] ?? null;
	}

	/** @returns version by role */
	versions(): Map<string, number> {
		const rows = this.#sql.exec<{ role: string; version: number }>("SELECT role, version FROM files ORDER BY role");
		return new Map(rows.toArray().map(({ role, version }) => [role, version]));
	}

	/** Keeps a file as the newest of its role, and as one that R2 has to get. */
	save({ role, version, body }: TrustFile): void {
		this.#sql.exec("INSERT OR REPLACE INTO files (role, version, body) VALUES (?, ?, ?)", role, version, body);
		const file = role === "timestamp" ? "timestamp.json" : `${version}.${role}.json`;
		this.#sql.exec("INSERT OR REPLACE INTO unwritten (file, body) VALUES (?, ?)", file, body);
	}

	hasUnwritten(): boolean {
		return this.#sql.exec("SELECT 1 FROM unwritten LIMIT 1").toArray().length > 0;
	}

	/**
	 * @returns the next file for R2: the timestamp when all that it leads to is there, and a root right before it, because where a root
	 * takes keys away without giving them successors first, clients refuse what the earlier timestamp leads to; null = R2 has everything
	 */
	nextUnwritten(): { readonly file: string; readonly body: string } | null {
		const query =
			"SELECT file, body FROM unwritten ORDER BY file = 'timestamp.json', file LIKE '%.root.json', file LIMIT 1";
		return this.#sql.exec<{ file: string; body: string }>(query).toArray()[0] ?? null;
	}

	noteWritten(file: string, body: string): void {
		this.#sql.exec("DELETE FROM unwritten WHERE file = ? AND body = ?", file, body);
	}

	proposal(product: string): string | null {
		const rows = this.#sql.exec<{ body: string }>("SELECT body FROM proposals WHERE product = ?", product).toArray();
		return rows[0]?.body ?? null;
	}

	/** @param body null = there is none any more */
	saveProposal(product: string, body: string | null): void {
		if (body === null) this.#sql.exec("DELETE FROM proposals WHERE product = ?", product);
		else this.#sql.exec("INSERT OR REPLACE INTO proposals (product, body) VALUES (?, ?)", product, body);
	}
}
