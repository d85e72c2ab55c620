// `parapet device import`: a file of devices to the service, batch after batch. What is done is written beside the file, so
// the same command goes on where it was ended. The service takes a line twice without harm.
import type { CommandContext, OperatorContext } from "../../../command-line/run-as.ts";
import { CliError } from "../../../errors.ts";
import { CALL_INTERVAL_MS } from "../../../http/patience.ts";
import { formatCount } from "../../../terminal/output.ts";
import { createCountProgress } from "../../../terminal/progress.ts";
import { type ImportCounts, type ImportPlace, NOTHING_YET, openPlaceFile } from "./import-place.ts";
import { type LineResult, sendBatch } from "./import-request.ts";
import type { LineInput } from "./input.ts";
import { batchLines, type LineBatch } from "./line-batches.ts";
import { explainRefusal, type NameChoice, type Reject } from "./line-check.ts";
import { readLines } from "./line-reader.ts";
import { Pace } from "./pace.ts";
import { bytesBefore, openRejectsFile, type RejectsFile } from "./rejects-file.ts";

export interface ImportOptions {
	readonly account: string;
	readonly names: NameChoice;
	/** the first line that counts; undefined = where the same import was ended, else the first */
	readonly fromLine: number | undefined;
	readonly rejectsPath: string;
}

/** The import ended before its end, and can go on there. */
export class ImportStopped extends CliError {}

/** @throws ImportStopped when it has begun and cannot end; CliError `lines_refused` when it has ended without some lines */
export async function runImport(
	context: Omit<OperatorContext<ImportOptions>, "confirm">,
	input: LineInput,
	signal: AbortSignal,
): Promise<void> {
	const { api, options, output, surroundings } = context;
	const { account, names, fromLine, rejectsPath } = options;
	const about = [api.server, account, names, rejectsPath];
	const places = input.path === null ? null : await openPlaceFile(input.path, about);
	const known = fromLine === undefined ? ((await places?.load()) ?? null) : null;
	const kept = known === null ? null : await openRejectsFile(rejectsPath, known.rejects_bytes);
	let at = kept === null || known === null ? NOTHING_YET : known;
	const rejects = kept ?? (await openRejectsFile(rejectsPath, await bytesBefore(rejectsPath, fromLine ?? 1)));
	if (rejects === null) throw new Error("an empty file of rejects is always there");
	if (at.line > 0) output.note(`going on after line ${formatCount(at.line)}, where this import was ended`);

	const progress = createCountProgress(surroundings, "importing", output.json);
	const pace = new Pace();
	const total = await input.countLines();
	let hasAnswered = false;
	try {
		const lines = from(fromLine ?? 1, readLines(input.open(at.offset, signal), at));
		for await (const batch of batchLines(lines, names)) {
			const startedMs = surroundings.nowMs();
			const onWait = (why: string) => progress.report(at.line, total, `waiting for the service (${why})`);
			const asked = { surroundings, signal, onWait, retriesSilence: () => hasAnswered };
			const results = batch.good.length === 0 ? [] : await sendBatch(api, account, batch.good, asked);
			hasAnswered ||= results.length > 0;
			at = await note(at, batch, results, rejects);
			await places?.save(at);
			progress.report(at.line, total, pace.describe(at.line, total, surroundings.nowMs()));
			const leftMs = startedMs + CALL_INTERVAL_MS - surroundings.nowMs();
			if (results.length > 0 && leftMs > 0 && at.line !== total) await surroundings.sleep(leftMs, signal);
			signal.throwIfAborted();
		}
		// Ctrl-C ends the writer of a pipe as well: then this is not the end of what was to be imported.
		signal.throwIfAborted();
	} catch (error) {
		throw stopped(signal.aborted ? signal.reason : error, at, input);
	} finally {
		progress.end();
	}
	await places?.remove();
	report(context, at.counts, rejects);
}

async function* from<T extends { readonly number: number }>(first: number, lines: AsyncIterable<T>): AsyncGenerator<T> {
	for await (const line of lines) if (line.number >= first) yield line;
}

/** Writes down what became of a batch. @returns the place after it */
async function note(
	{ counts: before }: ImportPlace,
	{ good, rejects: unfit, end }: LineBatch,
	results: readonly LineResult[],
	file: RejectsFile,
): Promise<ImportPlace> {
	const counts: ImportCounts = { ...before };
	const refused: Reject[] = [...unfit];
	for (const [index, { result, code = "refused", errors }] of results.entries()) {
		const line = good[index];
		if (result !== "refused") counts[result] += 1;
		else if (line !== undefined) {
			refused.push({ line: line.number, serial: line.serial, code, why: explainRefusal(code, errors) });
		}
	}
	counts.refused += refused.length;
	counts.private_keys += refused.filter(({ code }) => code === "private_key").length;
	await file.append(refused.toSorted((one, other) => one.line - other.line));
	return { line: end.line, offset: end.offset, rejects_bytes: file.bytes, counts };
}

function stopped(error: unknown, { line, counts }: ImportPlace, input: LineInput): ImportStopped {
	const why = error instanceof Error ? error.message : String(error);
	const before = error instanceof CliError && error.fix !== undefined ? `${error.fix.replace(/\.$/, "")}; then ` : "";
	const again =
		input.path === null ? `go on with the same input and: --from-line ${line + 1}` : "the same command goes on there";
	const devices = counts.created + counts.returned + counts.moved + counts.changed + counts.same;
	return new ImportStopped(
		`the import stopped after line ${formatCount(line)} (${formatCount(devices)} devices): ${why}`,
		{
			code: error instanceof CliError ? error.code : "stopped",
			fix: before + again,
			resumeFrom: String(line + 1),
			cause: error,
		},
	);
}

/** @throws CliError when lines were refused */
function report(
	{ options, output }: CommandContext<ImportOptions>,
	{ private_keys: privateKeys, ...counts }: ImportCounts,
	{ path, bytes }: RejectsFile,
): void {
	const said = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${formatCount(count)} ${what}`] : []));
	const rejects = bytes > 0 ? path : null;
	const answer = { account: options.account, ...counts, private_keys: privateKeys, rejects };
	output.answer(answer, said.length === 0 ? "no devices in it" : said.join(", "));
	if (privateKeys > 0) {
		output.note(
			`BEWARE: ${formatCount(privateKeys)} lines hold a private key. They were not sent. Whoever could read the file can be that firewall: make these appliances new keys, and delete the file.`,
		);
	}
	if (counts.refused > 0) {
		throw new CliError(`${formatCount(counts.refused)} lines were refused`, {
			code: "lines_refused",
			fix: `${path} says which and why; correct them and import the file again, the other lines stay as they are`,
		});
	}
}
