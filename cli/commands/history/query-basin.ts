// SQL over a history that lies in a table, by the REST API of Basin SQL (R2 SQL before 2026):
// https://developers.cloudflare.com/basin-sql/query-data/. What its answers look like is told by no reference: this is how `wrangler basin
// sql query` (4.155.0) reads them. Tried against a stand-in of that form, never against the service.
import { z } from "zod";
import { ConnectionError, ServerRefusal } from "../../errors.ts";
import { readAnswer } from "../../http/answers.ts";
import { exchange, type HttpAnswer, retryAfterOf } from "../../http/exchange.ts";
import { patiently } from "../../http/patience.ts";
import { parseJson } from "../../json.ts";
import type { Surroundings } from "../../terminal/output.ts";
import { mayBeCut, overTable, type Question } from "./select.ts";
import { TOKEN_VARIABLE, type Warehouse } from "./warehouse.ts";

/** A query may think for minutes before its first byte. */
export const ANSWER_WITHIN_MS = 180_000;
/** Of a query that is to come later. */
const TRIES = 3;
const WHAT = "Basin SQL did not answer the query";

const success = z.looseObject({
	success: z.literal(true),
	result: z
		.looseObject({
			schema: z.array(
				z.looseObject({
					name: z.string(),
					descriptor: z.looseObject({ type: z.looseObject({ name: z.string() }).nullish() }).nullish(),
				}),
			),
			rows: z.array(z.record(z.string(), z.unknown())),
			metrics: z.looseObject({ bytes_scanned: z.number(), files_scanned: z.number() }).nullish(),
		})
		.nullish(),
});
const failure = z.looseObject({
	errors: z.array(z.looseObject({ code: z.union([z.number(), z.string()]), message: z.string() })),
});

export interface TableAnswer {
	readonly columns: readonly string[];
	/** numbers, texts, times as RFC 3339 to the millisecond, null */
	readonly rows: readonly (readonly unknown[])[];
	/** that were read of the table: what is paid for; null = not told */
	readonly files: number | null;
	readonly bytes: number | null;
	/** whether there may be more rows than one answer has */
	readonly mayBeCut: boolean;
}

/**
 * @param answerWithinMs of silence
 * @throws CliError where the SQL is no SELECT; ServerRefusal where it, or the token, is not taken; ConnectionError where there is no whole answer
 */
export async function queryBasin(
	{ origin, account, bucket, table, token }: Warehouse,
	question: Question,
	surroundings: Surroundings,
	answerWithinMs = ANSWER_WITHIN_MS,
): Promise<TableAnswer> {
	const request = {
		method: "POST",
		url: `${origin}/api/v1/accounts/${account}/basin-sql/query/${bucket}`,
		headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json" },
		body: JSON.stringify({ query: overTable(question, table) }),
		idleTimeoutMs: answerWithinMs,
	};
	const ask = async () => {
		const answer = await exchange(request).catch((error: unknown) => {
			throw error instanceof ConnectionError ? noAnswerOf(error, origin) : error;
		});
		const body = parseJson(answer.text);
		const isRefused = answer.status >= 400 || failure.safeParse(body).data?.["success"] === false;
		if (isRefused) throw refusalOf(answer, body, surroundings.nowMs());
		return readAnswer(body, WHAT, success);
	};
	const { result } = await patiently({ surroundings, tries: TRIES }, ask);
	const columns = result?.schema.map(({ name }) => name) ?? [];
	const times = new Set(result?.schema.filter(isTime).map(({ name }) => name));
	const rows = (result?.rows ?? []).map((row) =>
		columns.map((name) => (times.has(name) ? plainTime(row[name]) : (row[name] ?? null))),
	);
	const { files_scanned: files = null, bytes_scanned: bytes = null } = result?.metrics ?? {};
	return { columns, rows, files, bytes, mayBeCut: mayBeCut(rows.length) };
}

type Column = NonNullable<z.infer<typeof success>["result"]>["schema"][number];

function isTime({ descriptor }: Column): boolean {
	return /timestamp/i.test(descriptor?.type?.name ?? "");
}

/** A time without a zone is UTC, as all of them are in the history. */
function plainTime(value: unknown): unknown {
	if (typeof value !== "string") return value ?? null;
	const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value.replace(" ", "T")}Z`);
	return Number.isNaN(ms) ? value : new Date(ms).toISOString();
}

const SHORTER = "ask of a shorter time (--since 1d), or of fewer columns and groups";
const FIXES: Readonly<Record<number, string>> = {
	400: "the table is `events`, its columns are in docs/history.md; what Basin SQL does not take: docs/operations.md, Asking a stream's table",
	401: `${TOKEN_VARIABLE} is no API token of that account, or is past: make one that may read Basin SQL, its catalog and the bucket`,
	403: `the token of ${TOKEN_VARIABLE} may not do that: it needs to read Basin SQL, its catalog and the bucket`,
	404: "npx wrangler basin catalog get <bucket> shows whether the bucket has a catalog, and the warehouse's name",
	429: "try again in a moment",
	502: SHORTER,
	504: SHORTER,
};

function refusalOf(answer: HttpAnswer, body: unknown, nowMs: number): ServerRefusal {
	const { status, headers } = answer;
	const errors = failure.safeParse(body).data?.errors ?? [];
	const said = errors.map(({ code, message }) => `${code} ${message}`).join("; ") || `status ${status}`;
	const fix =
		FIXES[status < 400 || status === 422 ? 400 : status] ??
		"try again later; https://www.cloudflarestatus.com tells of outages";
	const id = headers["cf-ray"];
	return new ServerRefusal({
		status,
		code: status < 500 && status !== 429 ? "query_refused" : "unavailable",
		message: `${WHAT}: ${said}`,
		fix,
		requestId: typeof id === "string" ? id : undefined,
		retryAfterSeconds: retryAfterOf(headers, nowMs),
		clockAheadSeconds: undefined,
	});
}

/** Of the address that --url names nothing is asked here. */
function noAnswerOf(error: ConnectionError, origin: string): ConnectionError {
	const isSlow = /no answer in time|does not end/.test(error.message);
	const reach = `check that this machine reaches ${origin} (PARAPET_BASIN_URL names another); if it does, try again`;
	const fix = isSlow ? SHORTER : error.fix?.includes("--url") ? reach : error.fix;
	return new ConnectionError(error.message, { code: error.code, fix, cause: error.cause });
}
