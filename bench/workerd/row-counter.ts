// Counts the rows that SQLite reads and writes for the objects of one isolate, as they are billed: each statement's cursor knows, once
// it is read to its end. Runs inside workerd. Of several objects at work at a time it counts all together.

export interface RowCount {
	readonly rowsRead: number;
	readonly rowsWritten: number;
}

/** With what else a call does. */
export interface WorkCount extends RowCount {
	readonly statements: number;
	/** characters that JSON.parse read and JSON.stringify made */
	readonly json: number;
}

let cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] | null = null;
let json = 0;

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

/**
 * Has JSON counted as well, and gives everything back in the end: for a runtime that others use afterwards.
 * @param some any object's storage
 */
export async function countingWork(
	some: DurableObjectState,
	work: (take: () => WorkCount) => Promise<void>,
): Promise<void> {
	const prototype: SqlStorage = Object.getPrototypeOf(some.storage.sql);
	const before = { exec: prototype.exec, parse: JSON.parse, stringify: JSON.stringify };
	countRows(some);
	JSON.parse = (text, ...more) => {
		json += String(text).length;
		return before.parse(text, ...more);
	};
	JSON.stringify = ((...args: Parameters<typeof JSON.stringify>) => {
		const text = before.stringify(...args);
		json += text?.length ?? 0;
		return text;
	}) as typeof JSON.stringify;
	const take = (): WorkCount => {
		const statements = cursors?.length ?? 0;
		const count = { ...takeRows(), statements, json };
		json = 0;
		return count;
	};
	try {
		take();
		await work(take);
	} finally {
		prototype.exec = before.exec;
		JSON.parse = before.parse;
		JSON.stringify = before.stringify;
		cursors = null;
	}
}
