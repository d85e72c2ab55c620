// Plays Basin SQL's REST API over a table of history rows, as far as its documentation tells (developers.cloudflare.com/basin-sql, October
// 2026) and `wrangler basin sql query` reads it: one path, a bearer token, the envelope of its answers, the codes of its errors, what of SQL it
// refuses, 500 rows without a LIMIT and 10,000 at most. DuckDB does the rest, which is another engine than the service's.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { HISTORY_FIELDS, type HistoryRow } from "../../../../src/history/fields.ts";
import { linesOf } from "../../../../src/telemetry/r2-history.ts";
import { listen, readBody } from "./contract-replies.ts";

export const ACCOUNT = "0123456789abcdef0123456789abcdef";
export const BUCKET = "parapet-table";
export const TOKEN = "token-of-basin";
const PATH = `/api/v1/accounts/${ACCOUNT}/basin-sql/query/${BUCKET}`;
const SQL_TYPES = { text: "VARCHAR", whole: "BIGINT", time: "TIMESTAMP" } as const;
/** What is refused by its form, with the documented words. */
const REFUSED = [
	[/\boffset\b/i, "unsupported feature: OFFSET clause is not supported"],
	[/\bwindow\s+\w+\s+as\b/i, "unsupported feature: WINDOW clause is not supported"],
	[/^\s*(with\b.*\)\s*)?(insert|update|delete|create|drop|alter)\b/is, "only read-only queries are allowed"],
] as const;

export interface BasinStandIn {
	readonly url: string;
	/** statements that came, as they came */
	readonly asked: string[];
	close(): Promise<void>;
}

/** @param folder for a file of its own */
export async function startBasin(folder: string, rows: readonly HistoryRow[]): Promise<BasinStandIn> {
	const instance = await DuckDBInstance.create(":memory:");
	const connection = await instance.connect();
	const file = join(folder, "table.ndjson");
	await writeFile(file, linesOf(rows));
	const types = HISTORY_FIELDS.map(({ name, type }) => `${name}: '${SQL_TYPES[type]}'`).join(", ");
	await connection.run("CREATE SCHEMA parapet");
	// A stream's table has a column of its own.
	await connection.run(
		`CREATE TABLE parapet.events AS SELECT *, now() AS __ingest_ts FROM read_json('${file}', columns = {${types}}, format = 'newline_delimited')`,
	);
	const asked: string[] = [];
	const server = createServer(async (request, response) => {
		const body = await readBody(request);
		const [status, answer] =
			request.method !== "POST" || request.url !== PATH
				? [404, failed(10_006, "not found")]
				: request.headers.authorization !== `Bearer ${TOKEN}`
					? [403, failed(10_000, "Authentication error")]
					: await answerTo(connection, (JSON.parse(body) as { query: string }).query, asked);
		response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
	});
	await listen(server);
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		asked,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
			connection.closeSync();
			instance.closeSync();
		},
	};
}

async function answerTo(connection: DuckDBConnection, sql: string, asked: string[]): Promise<[number, object]> {
	asked.push(sql);
	const refused = REFUSED.find(([form]) => form.test(sql));
	if (refused !== undefined) return [400, failed(40_004, refused[1])];
	const limit = Number(/\blimit\s+(\d+)\s*$/i.exec(sql)?.[1] ?? 500);
	if (limit > 10_000) return [400, failed(40_004, "maximum LIMIT is 10000")];
	try {
		const result = await connection.runAndReadAll(`SELECT * FROM (${sql}\n) LIMIT ${limit}`);
		const names = result.columnNames();
		const schema = names.map((name, at) => ({
			name,
			descriptor: { type: { name: String(result.columnTypes()[at]).toLowerCase() }, nullable: true },
		}));
		const rows = result
			.getRowsJS()
			.map((row) => Object.fromEntries(names.map((name, at) => [name, asJson(row[at])] as const)));
		const metrics = { r2_requests_count: 3, files_scanned: 2, bytes_scanned: 4_096 };
		return [200, { success: true, errors: [], messages: [], result: { request_id: "q-1", schema, rows, metrics } }];
	} catch (error) {
		const words = error instanceof Error ? error.message : String(error);
		return [400, failed(words.startsWith("Parser") ? 40_003 : 40_004, words)];
	}
}

function failed(code: number, message: string) {
	return { success: false, errors: [{ code, message }], messages: [], result: null };
}

/** Times to the microsecond. */
function asJson(value: unknown): unknown {
	if (typeof value === "bigint") return Number(value);
	return value instanceof Date ? value.toISOString().replace("Z", "000Z") : value;
}
