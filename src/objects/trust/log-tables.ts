// The rows of the transparency log: its entries and hashes, settled in their order with the change that they are about; how far R2
// has been told; and which files' proofs R2 has. Plain synchronous SQL.
import { decodeHash, encodeBase64, type Hash } from "../../signing/tlog/hashes.ts";
import { TILE_WIDTH, type Tile } from "../../signing/tlog/tiles.ts";
import type { TreeHead } from "../../signing/tlog/tree.ts";

export const LOG_TABLES = [
	`CREATE TABLE log_entries (
		idx INTEGER PRIMARY KEY, -- of its leaf: 0, 1, 2 …
		entry TEXT NOT NULL UNIQUE -- canonical JSON: a LogEntry
	)`,
	`CREATE TABLE log_hashes (
		level INTEGER NOT NULL, -- of tiles: 0 = of leaves, 1 = of whole tiles of leaves …
		idx INTEGER NOT NULL,
		hash TEXT NOT NULL, -- base64
		PRIMARY KEY (level, idx)
	) WITHOUT ROWID`,
	`CREATE TABLE log_head ( -- one row
		origin TEXT NOT NULL, -- the log's name, for good
		size INTEGER NOT NULL, -- leaves under the last checkpoint that was or will be signed
		root TEXT NOT NULL, -- base64
		written TEXT NOT NULL, -- the checkpoint that R2 has; empty = none
		swept INTEGER NOT NULL -- whole tiles on level 0 whose partial ones are gone from R2
	)`,
	`CREATE TABLE log_proofs (
		role TEXT PRIMARY KEY, -- a product
		version INTEGER NOT NULL, -- of its role file
		idx INTEGER NOT NULL, -- of the file's leaf
		written_by TEXT NOT NULL -- the log's keys in the proof that R2 has; empty = R2 has none
	) WITHOUT ROWID`,
];

export interface NewLeaf {
	readonly entry: string;
	readonly hash: Hash;
}

export interface LogHead extends TreeHead {
	readonly origin: string;
	readonly written: string;
	readonly swept: number;
}

export interface OwedProof {
	readonly role: string;
	readonly version: number;
	readonly idx: number;
}

export class LogTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	head(): LogHead | null {
		const [row] = this.#sql
			.exec<{ origin: string; size: number; root: string; written: string; swept: number }>("SELECT * FROM log_head")
			.toArray();
		return row === undefined ? null : { ...row, root: known(row.root) };
	}

	/** The log begins. */
	open(origin: string, root: Hash): void {
		const query = "INSERT INTO log_head (origin, size, root, written, swept) VALUES (?, 0, ?, '', 0)";
		this.#sql.exec(query, origin, encodeBase64(root));
	}

	/** @returns leaves, also those under no checkpoint yet */
	size(): number {
		const rows = this.#sql.exec<{ size: number }>("SELECT COALESCE(MAX(idx) + 1, 0) AS size FROM log_entries");
		return rows.toArray()[0]?.size ?? 0;
	}

	/** @returns the index of its leaf; that of the earlier one where the very entry is there already */
	add({ entry, hash }: NewLeaf): number {
		const known = this.#sql.exec<{ idx: number }>("SELECT idx FROM log_entries WHERE entry = ?", entry).toArray()[0];
		if (known !== undefined) return known.idx;
		const index = this.size();
		this.#sql.exec("INSERT INTO log_entries (idx, entry) VALUES (?, ?)", index, entry);
		this.saveHash(0, index, hash);
		return index;
	}

	/** A hash that is there already is this one. */
	saveHash(level: number, index: number, hash: Hash): void {
		const query = "INSERT OR IGNORE INTO log_hashes (level, idx, hash) VALUES (?, ?, ?)";
		this.#sql.exec(query, level, index, encodeBase64(hash));
	}

	hashes({ level, index, width }: Tile): Hash[] {
		const query = "SELECT hash FROM log_hashes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx";
		const first = index * TILE_WIDTH;
		const rows = this.#sql.exec<{ hash: string }>(query, level === "entries" ? 0 : level, first, first + width);
		return rows.toArray().map(({ hash }) => known(hash));
	}

	entries({ index, width }: Tile): string[] {
		const query = "SELECT entry FROM log_entries WHERE idx >= ? AND idx < ? ORDER BY idx";
		const rows = this.#sql.exec<{ entry: string }>(query, index * TILE_WIDTH, index * TILE_WIDTH + width);
		return rows.toArray().map(({ entry }) => entry);
	}

	/** Compares and swaps. @returns whether the head was `from`, and is `to` now */
	advance(from: TreeHead, to: TreeHead): boolean {
		const query = "UPDATE log_head SET size = ?, root = ? WHERE size = ? AND root = ? RETURNING size";
		return (
			this.#sql.exec(query, to.size, encodeBase64(to.root), from.size, encodeBase64(from.root)).toArray().length === 1
		);
	}

	noteCheckpoint(written: string): void {
		this.#sql.exec("UPDATE log_head SET written = ?", written);
	}

	noteSwept(tiles: number): void {
		this.#sql.exec("UPDATE log_head SET swept = ?", tiles);
	}

	/** The role file that its product has now. */
	oweProof({ role, version, idx }: OwedProof): void {
		const query = "INSERT OR REPLACE INTO log_proofs (role, version, idx, written_by) VALUES (?, ?, ?, '')";
		this.#sql.exec(query, role, version, idx);
	}

	/** @param keys of the log now @returns files whose proof R2 has not, or not by these keys */
	owedProofs(keys: string): OwedProof[] {
		const query = "SELECT role, version, idx FROM log_proofs WHERE written_by <> ? ORDER BY role";
		return this.#sql
			.exec<{ role: string; version: number; idx: number }>(query, keys)
			.toArray()
			.map((row) => ({ ...row }));
	}

	hasOwedProof(): boolean {
		return this.#sql.exec("SELECT 1 FROM log_proofs WHERE written_by = '' LIMIT 1").toArray().length > 0;
	}

	noteProof({ role, version }: OwedProof, keys: string): void {
		this.#sql.exec("UPDATE log_proofs SET written_by = ? WHERE role = ? AND version = ?", keys, role, version);
	}
}

/** What was hashed before it was stored. */
function known(text: string): Hash {
	const hash = decodeHash(text);
	if (hash === null) throw new Error("a stored hash of the log is none");
	return hash;
}
