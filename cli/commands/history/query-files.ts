// SQL over hour files of the history in a folder, by DuckDB in this process: the table `events`, with the columns of docs/history.md.
// One SELECT, which reads those files and nothing else of this machine, and no network.
import { readdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { HISTORY_FIELDS } from "../../../src/history/fields.ts";
import { EVENTS_PREFIX, hourOfFile } from "../../../src/history/hour-files.ts";
import { CliError } from "../../errors.ts";
import { notOneSelect, type Question } from "./select.ts";

const SQL_TYPES = { text: "VARCHAR", whole: "BIGINT", time: "TIMESTAMP" } as const;
/** A code of DuckDB's: the statement that it says yes to changes nothing. */
const SELECT = 1;

export interface QueryAnswer {
	readonly columns: readonly string[];
	/** numbers, texts, times as RFC 3339, null */
	readonly rows: readonly (readonly unknown[])[];
	/** files that were read */
	readonly files: number;
}

/**
 * @param folder that has the files as the service names them: below `events/`
 * @param question without `since` about all that is there
 * @throws CliError where the SQL is not understood, or a file is no file of events
 */
export async function queryFiles(
	folder: string,
	{ sql, since, country }: Omit<Question, "since"> & { readonly since?: string | undefined },
): Promise<QueryAnswer> {
	if (sql.trim() === "") throw notOneSelect();
	const files = await hourFilesIn(folder, since);
	const { DuckDBInstance } = await import("@duckdb/node-api").catch((cause: unknown) => {
		throw new CliError("DuckDB is not there, or not made for this machine", {
			code: "no_duckdb",
			fix: "run npm ci in the project's folder; beside the packed command line: npm install @duckdb/node-api",
			cause,
		});
	});
	const instance = await DuckDBInstance.create(":memory:", { autoinstall_known_extensions: "false" });
	const connection = await instance.connect();
	try {
		await connection.run(eventsView(files, since, country));
		await connection.run(`SET allowed_directories = [${quote(folder)}]`);
		await connection.run("SET enable_external_access = false");
		await connection.run("SET lock_configuration = true");
		const statements = await connection.extractStatements(sql);
		if (statements.count !== 1) throw notOneSelect();
		const statement = await statements.prepare(0);
		if (statement.statementType !== SELECT) throw notOneSelect();
		const result = await statement.runAndReadAll();
		const rows = result.getRowsJS().map((row) => row.map(plainValue));
		return { columns: result.columnNames(), rows, files: files.length };
	} catch (error) {
		throw error instanceof CliError ? error : refusedBy(error);
	} finally {
		connection.closeSync();
		instance.closeSync();
	}
}

/** @returns paths of the hour files that may hold events since then, in order */
async function hourFilesIn(folder: string, since: string | undefined): Promise<string[]> {
	const found = await readdir(join(folder, EVENTS_PREFIX), { recursive: true }).catch(() => []);
	const first = since?.slice(0, 13) ?? "";
	return found
		.map((path) => EVENTS_PREFIX + path.replaceAll(sep, "/"))
		.filter((name) => (hourOfFile(name) ?? "") >= first && hourOfFile(name) !== null)
		.sort()
		.map((name) => join(folder, name));
}

function eventsView(files: readonly string[], since: string | undefined, country: string | undefined): string {
	const columns = HISTORY_FIELDS.map(({ name, type }) => [name, SQL_TYPES[type]] as const);
	if (files.length === 0) return `CREATE TABLE events (${columns.map((column) => column.join(" ")).join(", ")})`;
	const types = columns.map(([name, type]) => `${name}: '${type}'`).join(", ");
	const options = `columns = {${types}}, format = 'newline_delimited', compression = 'gzip', hive_partitioning = false`;
	const conditions = [
		...(since === undefined ? [] : [`time >= TIMESTAMP ${quote(since.replace("Z", ""))}`]),
		...(country === undefined ? [] : [`country = ${quote(country)}`]),
	];
	const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
	return `CREATE VIEW events AS SELECT * FROM read_json([${files.map(quote).join(", ")}], ${options})${where}`;
}

function quote(text: string): string {
	return `'${text.replaceAll("'", "''")}'`;
}

/** DuckDB's whole numbers are bigints, its times dates. What JSON has no form for is its text. */
function plainValue(value: unknown): unknown {
	if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
	if (value instanceof Date) return value.toISOString();
	return value === null || ["string", "number", "boolean"].includes(typeof value) ? value : String(value);
}

function refusedBy(error: unknown): CliError {
	const message = error instanceof Error ? error.message.trim() : "unknown";
	return new CliError(`the query was refused: ${message}`, {
		code: "query_refused",
		fix: "the table is `events`, its columns are in docs/history.md; the SQL is DuckDB's",
		cause: error,
	});
}
