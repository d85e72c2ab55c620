// `parapet history …`: what devices asked for, request by request, from hour files of the service or of a folder. Not the trail of
// changes, which is `parapet events` (docs/decisions/history-is-no-trail.md).
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { formatTimestamp } from "../../../src/timestamps.ts";
import { accountId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { type ReaderContext, runAsOperator, runAsReader } from "../../command-line/run-as.ts";
import { span } from "../../command-line/values.ts";
import { CliError } from "../../errors.ts";
import { formatBytes, formatTable, type Surroundings } from "../../terminal/output.ts";
import type { QueryAnswer } from "./query-files.ts";
import { REPORT_NAMES, REPORTS, reportSql } from "./reports.ts";

const DEFAULT_SINCE = "7d";
const DEFAULT_SECONDS = 7 * 86_400;
const shape = { dir: z.string().optional(), since: span.optional() };
type Options = z.infer<z.ZodObject<typeof shape>>;

function addFileOptions(command: Command): Command {
	return command
		.option("--dir <dir>", "read files that `history fetch` brought, and ask no server")
		.option(
			"--since <span>",
			`back to then, such as 12h or 30d (default ${DEFAULT_SINCE}; with --dir all that is there)`,
		);
}

export function defineHistory(history: Command, surroundings: Surroundings): void {
	const report = history
		.command("report <name>")
		.description(`a ready question: ${REPORT_NAMES.join(", ")}`)
		.addHelpText(
			"after",
			`\nReports:\n${REPORT_NAMES.map((name) => `  ${name.padEnd(10)} ${REPORTS[name]}`).join("\n")}`,
		);
	runAsReader(addFileOptions(report), surroundings, shape, async (context) => {
		const name = readOperand(context.operands, 0, "report", z.enum(REPORT_NAMES));
		await answer(context, await reportSql(name), { report: name });
	});

	const query = history
		.command("query <sql>")
		.description("one SELECT over the table `events`; its columns: docs/history.md");
	runAsReader(addFileOptions(query), surroundings, shape, (context) => answer(context, context.operands[0] ?? "", {}));

	const fetch = history
		.command("fetch")
		.description("bring the files of the history into a folder; what is there already is not fetched again")
		.requiredOption("--dir <dir>", "the folder; it is made where there is none")
		.option("--since <span>", `back to then (default ${DEFAULT_SINCE})`);
	runAsOperator(fetch, surroundings, { ...shape, dir: z.string() }, async ({ api, options, output }) => {
		const { fetchFiles } = await import("./fetch-files.ts");
		const folder = resolve(surroundings.cwd, options.dir);
		const found = await fetchFiles(api, folder, beginning(options.since, surroundings), surroundings.nowMs);
		const told = `${found.files} files, ${found.fetched} of them new (${formatBytes(found.bytes)})`;
		output.answer({ ...found, dir: folder }, told);
	});

	const who = history
		.command("who <pseudonym>")
		.description("which device a row is about, by its `device`; also the eight characters of a download")
		.requiredOption("--account <account>", "its account, or the ten characters in the column `account`")
		.option("--month <month>", "of the row, such as 2026-11 (default: this month, then the one before)");
	const whoShape = {
		account: z.union([accountId, z.string().regex(/^[0-9a-z]{10}$/, "an account, or ten characters of one")]),
		month: z
			.string()
			.regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a month looks like 2026-11")
			.optional(),
	};
	runAsOperator(who, surroundings, whoShape, async ({ api, operands, options, output }) => {
		const pseudonym = readOperand(
			operands,
			0,
			"pseudonym",
			z.string().regex(/^[\w-]{8}([\w-]{8})?$/, "16 characters, or 8"),
		);
		const { findDevice, monthsBefore } = await import("./who.ts");
		const months = options.month === undefined ? monthsBefore(surroundings.nowMs(), 2) : [options.month];
		const found = await findDevice(api, { pseudonym, months, account: options.account });
		if (found === null) {
			throw new CliError(`no device of this account was called ${pseudonym} in ${months.join(" or ")}`, {
				code: "not_found",
				fix: "give --month as the row's time has it, and the --account of the same row; a device that was removed is not found",
			});
		}
		output.answer(found, `${found.device}  (${found.month})`);
		output.note(`more of it: parapet device show ${found.device}`);
	});
}

/** @returns RFC 3339, so many seconds ago */
function beginning(since: number | undefined, { nowMs }: Surroundings): string {
	return formatTimestamp(Math.floor(nowMs() / 1_000) - (since ?? DEFAULT_SECONDS));
}

async function answer(
	context: ReaderContext<Options>,
	sql: string,
	told: Readonly<Record<string, unknown>>,
): Promise<void> {
	const { options, output, surroundings } = context;
	const { queryFiles } = await import("./query-files.ts");
	const found = await (options.dir === undefined
		? askService(context, sql)
		: queryFiles(
				resolve(surroundings.cwd, options.dir),
				options.since === undefined ? undefined : beginning(options.since, surroundings),
				sql,
			));
	const { columns, rows, files } = found;
	const objects = rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]])));
	output.answer({ ...told, files, columns, rows: objects }, formatTable(columns, rows));
	if (files === 0) output.note('there are no files of that time: is HISTORY_SINK r2? (docs/operations.md, "History")');
}

/** In a folder that is gone afterwards. */
async function askService(
	{ openApi, options, surroundings }: ReaderContext<Options>,
	sql: string,
): Promise<QueryAnswer> {
	const api = await openApi();
	const [{ fetchFiles }, { queryFiles }] = await Promise.all([import("./fetch-files.ts"), import("./query-files.ts")]);
	const folder = await mkdtemp(join(tmpdir(), "parapet-history-"));
	try {
		const since = beginning(options.since, surroundings);
		await fetchFiles(api, folder, since, surroundings.nowMs);
		return await queryFiles(folder, since, sql);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
