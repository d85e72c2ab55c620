// When an object's tables come into being: with its first change. A call to an object that nobody created must not leave
// anything behind, or guessed names would fill the storage.

/** @returns whether the object has been created before */
export function hasTable(sql: SqlStorage, table: string): boolean {
	return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table).toArray().length > 0;
}

/** Runs a schema; each statement must be harmless when it has been run before. */
export function runSchema(sql: SqlStorage, statements: readonly string[]): void {
	for (const statement of statements) sql.exec(statement);
}

/**
 * Gives a table that may be older a column; rows that are there get its default.
 * @param definition with a DEFAULT
 * @returns whether the table had no such column
 */
export function addColumn(sql: SqlStorage, table: string, column: string, definition: string): boolean {
	if (columnsOf(sql, table).includes(column)) return false;
	sql.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`);
	return true;
}

/** Gives a column of a table that may be older its present name. */
export function renameColumn(sql: SqlStorage, table: string, from: string, to: string): void {
	if (columnsOf(sql, table).includes(from)) sql.exec(`ALTER TABLE ${table} RENAME COLUMN ${from} TO ${to}`);
}

function columnsOf(sql: SqlStorage, table: string): string[] {
	const query = `SELECT name FROM pragma_table_info('${table}')`;
	return sql
		.exec<{ name: string }>(query)
		.toArray()
		.map(({ name }) => name);
}
