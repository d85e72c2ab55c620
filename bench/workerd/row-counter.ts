// Counts the rows that SQLite reads and writes for the objects of one isolate, as they are billed: each statement's cursor knows, once
// it is read to its end. Runs inside workerd. Of several objects at work at a time it counts all together.

export interface RowCount {
	readonly rowsRead: number;
	readonly rowsWritten: number;
}

let cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] | null = null;

/** Has the statements of all objects of this isolate counted from now on; to be called by the constructor of each, before any. */
export function countRows({ storage: { sql } }: DurableObjectState): void {
	if (cursors !== null) return;
	cursors = [];
	const prototype: SqlStorage = Object.getPrototypeOf(sql);
	const { exec } = prototype;
	prototype.exec = function counted<T extends Record<string, SqlStorageValue>>(
		this: SqlStorage,
		query: string,
		...values: unknown[]
	) {
		const cursor = exec.call(this, query, ...values);
		cursors?.push(cursor);
		return cursor as SqlStorageCursor<T>;
	};
}

/** @returns the rows since the last call, whose count begins anew */
export function takeRows(): RowCount {
	const counted = cursors?.splice(0) ?? [];
	const sum = (of: keyof RowCount) => counted.reduce((total, cursor) => total + cursor[of], 0);
	return { rowsRead: sum("rowsRead"), rowsWritten: sum("rowsWritten") };
}
