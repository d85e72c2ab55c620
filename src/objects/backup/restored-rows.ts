// An object comes back out of a backup: its tables are filled a page at a time, and when all objects are there it is woken. Until then it answers
// like one that nobody created, and does nothing by itself: what it would tell others of is not there yet. A page that comes twice counts
// once; with the first page of all it begins anew.
import { declareTables, latestVersion, type Schema } from "../schema.ts";
import { describeTable, type KeptRow, keptTables, ownTables, SEQUENCES } from "./kept-rows.ts";

/** Beside the object's rows, while it is being restored. */
const RESTORING_KEY = "restoring";
/** Out of which backup it came, afterwards. */
const RESTORED_KEY = "restored";

export interface RowsToRestore {
	/** which one: its digest, as it is sealed */
	readonly backup: string;
	/** of the object that the rows are from */
	readonly schema: number;
	/** of the page: 0, 1, 2 … */
	readonly index: number;
	readonly rows: readonly KeptRow[];
	/** with the last page: how many rows there are in all; null = more pages follow */
	readonly total: number | null;
}

/**
 * not_empty: the object exists; other_schema: its tables are other ones in this version of the code; out_of_order: another page is next, or
 * it is to be woken before its last; bad_row: a row that is none of its tables; rows_missing: there are not as many as were told
 */
export type RestoreRefusal = "not_empty" | "other_schema" | "out_of_order" | "bad_row" | "rows_missing";

export type RestoreAnswer =
	| {
			readonly ok: true;
			/** whether all its rows are there */
			readonly isWhole: boolean;
			/** whether it exists already, out of this very backup */
			readonly isAwake: boolean;
	  }
	| { readonly ok: false; readonly reason: RestoreRefusal };

interface Restoring {
	readonly backup: string;
	readonly pages: number;
	readonly rows: number;
	readonly isWhole: boolean;
}

/** @returns whether the object that exists came out of this backup */
export function isOutOf({ kv }: DurableObjectStorage, backup: string): boolean {
	return kv.get(RESTORED_KEY) === backup;
}

/** @param storage of an object that does not exist; what is refused changes nothing */
export function restorePage(storage: DurableObjectStorage, schema: Schema, page: RowsToRestore): RestoreAnswer {
	if (page.schema !== latestVersion(schema)) return { ok: false, reason: "other_schema" };
	try {
		return storage.transactionSync(() => takePage(storage, schema, page));
	} catch (error) {
		if (error instanceof Refusal) return { ok: false, reason: error.reason };
		throw error;
	}
}

/** Has an object exist of which all rows are there. @param storage of an object that does not exist */
export function wakeWhole(storage: DurableObjectStorage, schema: Schema, backup: string): RestoreAnswer {
	const restored = storage.kv.get<Restoring>(RESTORING_KEY);
	if (restored?.backup !== backup || !restored.isWhole) return { ok: false, reason: "out_of_order" };
	storage.transactionSync(() => {
		storage.kv.delete(RESTORING_KEY);
		storage.kv.put(RESTORED_KEY, backup);
		declareTables(storage, schema);
	});
	return { ok: true, isWhole: true, isAwake: true };
}

class Refusal extends Error {
	readonly reason: RestoreRefusal;

	constructor(reason: RestoreRefusal) {
		super(reason);
		this.reason = reason;
	}
}

function takePage(storage: DurableObjectStorage, schema: Schema, page: RowsToRestore): RestoreAnswer {
	const { kv, sql } = storage;
	const { backup, index, rows, total } = page;
	const known = kv.get<Restoring>(RESTORING_KEY);
	if (known?.backup === backup && known.isWhole) return { ok: true, isWhole: true, isAwake: false };
	const before = index === 0 ? beginAnew(storage, schema, backup) : known;
	if (before?.backup !== backup || index > before.pages) throw new Refusal("out_of_order");
	if (index < before.pages) return { ok: true, isWhole: false, isAwake: false };
	const insert = createInsert(sql);
	for (const row of rows) insert(row);
	const isWhole = total !== null;
	const restored: Restoring = { backup, pages: before.pages + 1, rows: before.rows + rows.length, isWhole };
	// An object that is there has a row at least: its own.
	if (isWhole && (restored.rows !== total || total === 0)) throw new Refusal("rows_missing");
	kv.put(RESTORING_KEY, restored);
	return { ok: true, isWhole, isAwake: false };
}

function beginAnew(storage: DurableObjectStorage, { tables }: Schema, backup: string): Restoring {
	dropHalfRestored(storage);
	for (const statement of tables) storage.sql.exec(statement);
	return { backup, pages: 0, rows: 0, isWhole: false };
}

/** For who creates an object of which a part was restored: that part is nothing. */
export function dropHalfRestored({ kv, sql }: DurableObjectStorage): void {
	if (!kv.delete(RESTORING_KEY)) return;
	// The last ones refer to earlier ones.
	for (const name of ownTables(sql).toReversed()) sql.exec(`DROP TABLE "${name}"`);
}

/** @returns takes a row into its table; what the tables are is looked up once for all of them */
function createInsert(sql: SqlStorage): (kept: KeptRow) => void {
	const tables = new Map(keptTables(sql).map((name) => [name, describeTable(sql, name)]));
	return ({ table: name, row }) => {
		if (name === SEQUENCES) {
			if (!tables.has(String(row["name"]))) throw new Refusal("bad_row");
			raiseSequence(sql, row);
			return;
		}
		const columns = tables.get(name)?.columns ?? [];
		const given = Object.keys(row);
		if (columns.length === 0 || given.length !== columns.length || !given.every((column) => columns.includes(column)))
			throw new Refusal("bad_row");
		const list = given.map((column) => `"${column}"`).join(", ");
		const query = `INSERT INTO "${name}" (${list}) VALUES (${given.map(() => "?").join(", ")})`;
		runOrRefuse(() => sql.exec(query, ...Object.values(row)));
	};
}

/** @param row whose name is that of a table */
function raiseSequence(sql: SqlStorage, { name, seq, ...more }: KeptRow["row"]): void {
	const isNumber = typeof seq === "number" && Number.isSafeInteger(seq) && seq >= 0;
	if (typeof name !== "string" || !isNumber || Object.keys(more).length > 0) throw new Refusal("bad_row");
	const known = sql.exec(`UPDATE ${SEQUENCES} SET seq = max(seq, ?) WHERE name = ?`, seq, name);
	if (known.rowsWritten === 0) sql.exec(`INSERT INTO ${SEQUENCES} (name, seq) VALUES (?, ?)`, name, seq);
}

/** A constraint that does not hold: no object had such rows. */
function runOrRefuse(insert: () => void): void {
	try {
		insert();
	} catch (error) {
		if (error instanceof Error && /SQLITE_(CONSTRAINT|MISMATCH)/.test(error.message)) throw new Refusal("bad_row");
		throw error;
	}
}
