// The rows of an object, as a backup has them: table after table, each by its key, a page at a time. What is read for a page is read
// without waiting, so it is of one moment; an object of several pages may change between them, which its trail shows.

export type KeptValue = string | number | null;

/** A row: its table, and its values by column. `rowid` where that is no column of the table. */
export interface KeptRow {
	readonly table: string;
	readonly row: Readonly<Record<string, KeptValue>>;
}

export interface RowPage {
	readonly rows: readonly KeptRow[];
	/** `after` of the next page; null = this was the last */
	readonly next: string | null;
	/** which tables the object has */
	readonly schema: number;
	/** of the newest entry of its trail; 0 where it has none. The same with the first page and the last: no event came between */
	readonly trail: number;
}

/**
 * What is of this deployment alone, or over soon: what its stores have still to get, how far its daily round has come, what is being
 * uploaded, what the last probe found. Records are delivered again by their owners (`parapet record rebuild`).
 */
const NOT_KEPT: ReadonlySet<string> = new Set([
	"outbox",
	"outbox_doubts",
	"outdated_revisions",
	"round",
	"owners_missed",
	"owners_behind",
	"uploads_of_day",
	"parts_of_day",
	"package_claims",
	"probe",
]);

/** A table whose numbers are never used twice remembers here which was the highest. */
export const SEQUENCES = "sqlite_sequence";

/** Of JSON; a page has one row more than fits, and one row is 2 MB at most, as the platform has it. */
const PAGE_CHARACTERS = 262_144;

interface Table {
	readonly name: string;
	readonly columns: readonly string[];
	/** columns by which its rows are in order and told apart */
	readonly key: readonly string[];
}

/** @returns names of the tables that a backup has, as they were made: one that another refers to comes before it */
export function keptTables(sql: SqlStorage): string[] {
	return ownTables(sql).filter((name) => !NOT_KEPT.has(name));
}

/** @returns names of all tables that are not the platform's, nor those of its stand-in on one machine (`__miniflare_…`) */
export function ownTables(sql: SqlStorage): string[] {
	const query = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
		AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY rowid`;
	return sql
		.exec<{ name: string }>(query)
		.toArray()
		.map(({ name }) => name);
}

/** @param name of `keptTables` */
export function describeTable(sql: SqlStorage, name: string): Table {
	const info = sql.exec<{ name: string; pk: number }>(`SELECT name, pk FROM pragma_table_info(?)`, name).toArray();
	const { text } = sql.exec<{ text: string }>("SELECT sql AS text FROM sqlite_master WHERE name = ?", name).one();
	const columns = info.map((column) => column.name);
	const primary = info.filter(({ pk }) => pk > 0).toSorted((one, two) => one.pk - two.pk);
	if (/\bWITHOUT ROWID\s*$/i.test(text)) return { name, columns, key: primary.map((column) => column.name) };
	// An INTEGER PRIMARY KEY is the rowid by another name.
	const isAlias = primary.length === 1 && /\bINTEGER PRIMARY KEY\b/i.test(text);
	return isAlias
		? { name, columns, key: primary.map((column) => column.name) }
		: { name, columns: ["rowid", ...columns], key: ["rowid"] };
}

/**
 * @param after "" = from the first row; else `next` of the page before
 * @param characters of JSON in a page, the last row beyond it
 * @returns null where `after` is no such place
 */
export function readRows(
	sql: SqlStorage,
	after: string,
	characters = PAGE_CHARACTERS,
): { rows: KeptRow[]; next: string | null } | null {
	const names = keptTables(sql);
	const place = after === "" ? { table: names[0] ?? "", key: null } : parsePlace(after);
	if (place === null || (after !== "" && !names.includes(place.table))) return null;
	const rows: KeptRow[] = [];
	let room = characters;
	for (const name of names.slice(names.indexOf(place.table))) {
		const table = describeTable(sql, name);
		const from = name === place.table ? place.key : null;
		if (from !== null && from.length !== table.key.length) return null;
		for (const row of rowsOf(sql, table, from)) {
			rows.push({ table: name, row });
			room -= JSON.stringify(row).length;
			if (room <= 0) return { rows, next: formatPlace(table, row) };
		}
	}
	return { rows: [...rows, ...sequencesOf(sql)], next: null };
}

function* rowsOf(sql: SqlStorage, { name, columns, key }: Table, from: readonly KeptValue[] | null) {
	const [wanted, order] = [columns, key].map((list) => list.map((column) => `"${column}"`).join(", "));
	const beyond = from === null ? "" : `WHERE (${order}) > (${key.map(() => "?").join(", ")})`;
	const query = `SELECT ${wanted} FROM "${name}" ${beyond} ORDER BY ${order}`;
	for (const values of sql.exec(query, ...(from ?? [])).raw<KeptValue[]>())
		yield Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null]));
}

/** @returns the highest number that each table has given, as rows: of some the row that had it is gone */
function sequencesOf(sql: SqlStorage): KeptRow[] {
	const isThere = sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", SEQUENCES).toArray().length > 0;
	if (!isThere) return [];
	const query = `SELECT name, seq FROM ${SEQUENCES} WHERE name IN (SELECT value FROM json_each(?)) ORDER BY name`;
	const rows = sql.exec<{ name: string; seq: number }>(query, JSON.stringify(keptTables(sql))).toArray();
	return rows.map(({ name, seq }) => ({ table: SEQUENCES, row: { name, seq } }));
}

function formatPlace({ name, key }: Table, row: KeptRow["row"]): string {
	return JSON.stringify([name, ...key.map((column) => row[column] ?? null)]);
}

function parsePlace(text: string): { table: string; key: KeptValue[] } | null {
	try {
		const [table, ...key] = JSON.parse(text) as unknown[];
		return typeof table === "string" && key.length > 0 && key.every(isKeptValue) ? { table, key } : null;
	} catch {
		return null;
	}
}

function isKeptValue(value: unknown): value is KeptValue {
	return value === null || typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
}
