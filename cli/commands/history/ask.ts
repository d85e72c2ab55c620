// Who answers a question about the history: a folder of files, the table of a stream by Basin SQL, or else the service's files, brought here
// for as long as that takes. The same SQL for each, over the table `events`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { country } from "../../../src/content/audience.ts";
import { formatTimestamp } from "../../../src/timestamps.ts";
import type { ReaderContext } from "../../command-line/run-as.ts";
import { span } from "../../command-line/values.ts";
import { CliError, UsageError } from "../../errors.ts";
import { formatBytes, formatCount, type Surroundings } from "../../terminal/output.ts";
import { resolveWarehouse, type Warehouse, warehouseShape } from "./warehouse.ts";

export const DEFAULT_SINCE = "7d";
const DEFAULT_SECONDS = 7 * 86_400;
/** After so long a person is told what is waited for. */
const PATIENCE_MS = 1_000;

export const sourceShape = { dir: z.string().optional(), since: span.optional(), ...warehouseShape };
/** Of what came from there alone. */
export const reportShape = { ...sourceShape, country: country.optional() };
/** A query says its country itself. */
export type Asked = z.infer<z.ZodObject<typeof sourceShape>> & { readonly country?: string | undefined };
type Context = ReaderContext<Asked>;

interface Answer {
	readonly columns: readonly string[];
	/** numbers, texts, times as RFC 3339, null */
	readonly rows: readonly (readonly unknown[])[];
	/** what else --json tells: what was read, and whether that was all */
	readonly source: Readonly<Record<string, unknown>>;
	/** for people */
	readonly notes: readonly string[];
}

/** @returns RFC 3339, so many seconds ago */
export function beginning(since: number | undefined, { nowMs }: Surroundings): string {
	return formatTimestamp(Math.floor(nowMs() / 1_000) - (since ?? DEFAULT_SECONDS));
}

/** @throws UsageError, CliError, ServerRefusal, ConnectionError as whoever is asked */
export async function ask(context: Context, sql: string): Promise<Answer> {
	const { options, surroundings } = context;
	if (options.dir !== undefined) {
		if (options.warehouse !== undefined) throw new UsageError("--dir and --warehouse are two sources: give one");
		return askFolder(resolve(surroundings.cwd, options.dir), context, sql);
	}
	const warehouse = resolveWarehouse(options, surroundings);
	return warehouse === null ? askService(context, sql) : askTable(warehouse, context, sql);
}

async function askFolder(folder: string, { options, surroundings }: Context, sql: string): Promise<Answer> {
	const { queryFiles } = await import("./query-files.ts");
	const since = options.since === undefined ? undefined : beginning(options.since, surroundings);
	const { columns, rows, files } = await queryFiles(folder, { sql, since, country: options.country });
	return { columns, rows, source: { files }, notes: files === 0 ? [NO_FILES] : [] };
}

const NO_FILES = 'there are no files of that time: is HISTORY_SINK r2? (docs/operations.md, "History")';

/** In a folder that is gone afterwards. */
async function askService({ openApi, options, surroundings }: Context, sql: string): Promise<Answer> {
	const api = await openApi();
	const [{ fetchFiles }, { queryFiles }] = await Promise.all([import("./fetch-files.ts"), import("./query-files.ts")]);
	const folder = await mkdtemp(join(tmpdir(), "parapet-history-"));
	try {
		const since = beginning(options.since, surroundings);
		const { sink, files } = await fetchFiles(api, folder, since, surroundings.nowMs);
		if (sink === "pipelines" && files === 0) throw goesToStream(api.server);
		const { columns, rows } = await queryFiles(folder, { sql, since, country: options.country });
		const notes = files === 0 ? [NO_FILES] : sink === "pipelines" ? [SINCE_THEN] : [];
		return { columns, rows, source: { files }, notes };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

const SINCE_THEN =
	"these are files of before: the history goes to a stream of Pipelines now (HISTORY_SINK); --warehouse asks its table";

function goesToStream(server: string): CliError {
	return new CliError(`the history of ${server} goes to a stream of Pipelines: there are no files of it to fetch`, {
		code: "no_files",
		fix: "give --warehouse <account>_<bucket>, where the stream's table is (docs/operations.md, \"Asking a stream's table\")",
	});
}

async function askTable(
	warehouse: Warehouse,
	{ options, output, surroundings }: Context,
	sql: string,
): Promise<Answer> {
	const { queryBasin } = await import("./query-basin.ts");
	const answered = new AbortController();
	const told = surroundings.sleep(PATIENCE_MS, answered.signal).then(
		() => answered.signal.aborted || output.note(`asking ${warehouse.table} by Basin SQL…`),
		() => undefined,
	);
	try {
		const since = beginning(options.since, surroundings);
		const { columns, rows, files, bytes, mayBeCut } = await queryBasin(
			warehouse,
			{ sql, since, country: options.country },
			surroundings,
		);
		const read = bytes === null ? [] : [`read ${formatBytes(bytes)} of ${formatCount(files ?? 0)} files`];
		const cut = mayBeCut
			? [`${formatCount(rows.length)} rows are the most that Basin SQL gives: there may be more`]
			: [];
		return { columns, rows, source: { files, bytes_read: bytes, may_be_cut: mayBeCut }, notes: [...read, ...cut] };
	} finally {
		answered.abort();
		await told;
	}
}
