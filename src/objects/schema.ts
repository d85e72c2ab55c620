// Which tables an object has. They come into being with its first change: a call to an object that nobody created leaves
// nothing behind, or guessed names would fill the storage. From then on one stored number says which tables those are, so
// that an object that wakes up runs one read. A transaction that fails leaves the tables and the number as they were.

/** What changes tables that objects already have. Plain synchronous SQL. */
export type SchemaStep = (sql: SqlStorage) => void;

/** The tables of one class of objects. */
export interface Schema {
	/** statements that make every table and index as they are now, for an object that has none */
	readonly tables: readonly string[];
	/**
	 * In their order: the first leads from version 1 to 2. A released step is never changed, moved or removed. It only adds,
	 * because the version of the code before it must work with what it leaves: a deployment can be rolled back, data cannot.
	 */
	readonly steps: readonly SchemaStep[];
}

/** In the object's key-value storage, which is part of the same database and of its transactions. */
const VERSION_KEY = "schema";

/** @returns the number of the tables that this version of the code makes */
export function latestVersion({ steps }: Schema): number {
	return 1 + steps.length;
}

/** @returns which tables the object has: more than this version of the code makes, where a later one was rolled back; null = none */
export function schemaOf({ kv }: DurableObjectStorage): number | null {
	return kv.get<number>(VERSION_KEY) ?? null;
}

/**
 * Brings the tables of an object that is waking up to the latest version: one read, unless steps are missing.
 * @returns whether the object was created before; if not, nothing was written
 * @throws what a step throws; none of the missing steps has then been taken
 */
export function openTables(storage: DurableObjectStorage, schema: Schema): boolean {
	const version = storage.kv.get<number>(VERSION_KEY);
	if (version === undefined) return false;
	// A higher version was written by a later deployment that was rolled back. Its number stays, so that no step is taken twice.
	if (version >= latestVersion(schema)) return true;
	storage.transactionSync(() => {
		for (const step of schema.steps.slice(version - 1)) step(storage.sql);
		storage.kv.put(VERSION_KEY, latestVersion(schema));
	});
	return true;
}

/** Makes the tables of an object that has none, as part of the transaction of its first change. */
export function createTables(storage: DurableObjectStorage, schema: Schema): void {
	for (const statement of schema.tables) storage.sql.exec(statement);
	declareTables(storage, schema);
}

/** From now on the object has its tables. */
export function declareTables(storage: DurableObjectStorage, schema: Schema): void {
	storage.kv.put(VERSION_KEY, latestVersion(schema));
}
