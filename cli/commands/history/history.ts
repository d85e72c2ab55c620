// `parapet history …`: what devices asked for, request by request, from hour files of the service or of a folder. Not the trail of
// changes, which is `parapet events` (docs/decisions/history-is-no-trail.md).
import { resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { accountId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { type ReaderContext, runAsOperator, runAsReader } from "../../command-line/run-as.ts";
import { span } from "../../command-line/values.ts";
import { CliError, UsageError } from "../../errors.ts";
import { formatBytes, formatTable, type Surroundings } from "../../terminal/output.ts";
import { type Asked, ask, beginning, DEFAULT_SINCE, reportShape, sourceShape } from "./ask.ts";
import { REPORT_NAMES, REPORTS, reportSql } from "./reports.ts";
import { DEFAULT_TABLE, TOKEN_VARIABLE } from "./warehouse.ts";

/** Where the answer comes from: the service's files, files of a folder, or the table of a stream. */
function addSourceOptions(command: Command): Command {
	return command
		.option("--dir <dir>", "read files that `history fetch` brought, and ask no server")
		.option(
			"--warehouse <name>",
			`HISTORY_SINK=pipelines: ask the table <account>_<bucket> by Basin SQL (env PARAPET_HISTORY_WAREHOUSE); its token: env ${TOKEN_VARIABLE}`,
		)
		.option("--table <name>", `of the warehouse (env PARAPET_HISTORY_TABLE; default ${DEFAULT_TABLE})`)
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
	addSourceOptions(report).option("--country <code>", "only what came from there, such as BR (not for tripwire)");
	runAsReader(report, surroundings, reportShape, async (context) => {
		const name = readOperand(context.operands, 0, "report", z.enum(REPORT_NAMES));
		if (name === "tripwire" && context.options.country !== undefined)
			throw new UsageError("tripwire compares places: it takes no --country");
		await answer(context, await reportSql(name), { report: name });
	});

	const query = history
		.command("query <sql>")
		.description("one SELECT over the table `events`; its columns: docs/history.md");
	runAsReader(addSourceOptions(query), surroundings, sourceShape, (context) =>
		answer(context, context.operands[0] ?? "", {}),
	);

	const fetch = history
		.command("fetch")
		.description("bring the files of the history into a folder; what is there already is not fetched again")
		.requiredOption("--dir <dir>", "the folder; it is made where there is none")
		.option("--since <span>", `back to then (default ${DEFAULT_SINCE})`);
	runAsOperator(fetch, surroundings, { since: span.optional(), dir: z.string() }, async ({ api, options, output }) => {
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

async function answer(
	context: ReaderContext<Asked>,
	sql: string,
	told: Readonly<Record<string, unknown>>,
): Promise<void> {
	const { output } = context;
	const { columns, rows, source, notes } = await ask(context, sql);
	const objects = rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]])));
	output.answer({ ...told, ...source, columns, rows: objects }, formatTable(columns, rows));
	for (const note of notes) output.note(note);
}
