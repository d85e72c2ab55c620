// SQL about the history, as both who answer it take it: one SELECT over the table `events`. DuckDB looks at the statement itself; for
// Basin SQL it is put over the rows of a table here, as a common table expression, so that the same text is understood there. Pure.
import { HISTORY_FIELDS } from "../../../src/history/fields.ts";
import { CliError } from "../../errors.ts";

/** The most that Basin SQL gives; without a LIMIT it gives 500 (its troubleshooting guide and SQL reference, October 2026). */
const MAX_ROWS = 10_000;

/** Lines of comment before a statement. */
const COMMENTS = /^(?:\s*--[^\n]*(?:\n|$))*\s*/;
/** At the end of a statement, but for comment: of which each goes to the end of its line, so that a line of dashes is read in one way. */
const LIMITED = /\blimit\s+\d+(?:\s|;|--[^\n]*(?:\n|$))*$/i;

export interface Question {
	/** over the table `events` */
	readonly sql: string;
	/** RFC 3339; events of before are not seen */
	readonly since: string;
	/** two capital letters: events of elsewhere are not seen; left out = those of everywhere are */
	readonly country?: string | undefined;
}

/**
 * @param table "<namespace>.<table>" @param question what is older is not read, which also bounds what is paid for
 * @returns the statement, for which `events` are the rows of the table that are seen, under the columns of docs/history.md
 * @throws CliError where it is no SELECT
 */
export function overTable({ sql, since, country }: Question, table: string): string {
	const statement = sql.replace(COMMENTS, "").replace(/[\s;]+$/, "");
	const [, first = ""] = /^(select|with)\b/i.exec(statement) ?? [];
	if (first === "") throw notOneSelect();
	const columns = HISTORY_FIELDS.map(({ name }) => name).join(", ");
	const events = `WITH events AS (SELECT ${columns} FROM ${table} WHERE time >= '${since}'${country === undefined ? "" : ` AND country = '${country}'`})`;
	const rest = first.toLowerCase() === "with" ? `,${statement.slice(first.length)}` : `\n${statement}`;
	return `${events}${rest}${LIMITED.test(statement) ? "" : `\nLIMIT ${MAX_ROWS}`}`;
}

/** @returns whether so many rows may be the beginning only of what was asked for */
export function mayBeCut(rows: number): boolean {
	return rows >= MAX_ROWS;
}

export function notOneSelect(): CliError {
	return new CliError("the history can only be asked: one SELECT", {
		code: "not_a_select",
		fix: 'such as: parapet history query "SELECT kind, sum(weight) FROM events GROUP BY kind"',
	});
}
