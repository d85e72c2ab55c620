// `parapet device import --dry-run`: what can be known of a file without the service. Every line, and what is in it twice.
import { foldSerial } from "../../../../src/names.ts";
import type { CommandContext } from "../../../command-line/run-as.ts";
import { CliError } from "../../../errors.ts";
import { formatCount } from "../../../terminal/output.ts";
import { createCountProgress } from "../../../terminal/progress.ts";
import { FirstSeen } from "./first-seen.ts";
import type { ImportOptions } from "./import.ts";
import type { LineInput } from "./input.ts";
import { batchLines, type GoodLine } from "./line-batches.ts";
import { explainRefusal, type Reject } from "./line-check.ts";
import { readLines } from "./line-reader.ts";
import { Pace } from "./pace.ts";
import { openRejectsFile } from "./rejects-file.ts";

/** 50 MB at most for keys and serial numbers each. */
const REMEMBERED = 1_000_000;

/** @throws CliError `lines_refused` when some lines would be refused, whatever the account is */
export async function runDryRun(
	{ options, output, surroundings }: CommandContext<ImportOptions>,
	input: LineInput,
	signal: AbortSignal,
): Promise<void> {
	const [keys, serials] = [new FirstSeen(REMEMBERED), new FirstSeen(REMEMBERED)];
	const rejects = await openRejectsFile(options.rejectsPath, 0);
	if (rejects === null) throw new Error("an empty file of rejects is always there");
	const progress = createCountProgress(surroundings, "checking", output.json);
	const pace = new Pace();
	const total = await input.countLines();
	let [valid, refused] = [0, 0];
	try {
		for await (const { good, rejects: unfit, end } of batchLines(readLines(input.open(0, signal)), options.names)) {
			signal.throwIfAborted();
			const twice = good.flatMap((line) => judge(line, keys, serials) ?? []);
			await rejects.append([...unfit, ...twice].toSorted((one, other) => one.line - other.line));
			valid += good.length - twice.length;
			refused += unfit.length + twice.length;
			progress.report(end.line, total, pace.describe(end.line, total, surroundings.nowMs()));
		}
	} finally {
		progress.end();
	}
	const answer = { valid, refused, rejects: refused > 0 ? rejects.path : null };
	output.answer(answer, `${formatCount(valid)} valid, ${formatCount(refused)} refused; nothing was sent`);
	if (keys.isFull) output.note(`lines after the first ${formatCount(REMEMBERED)} were compared with those only`);
	if (refused > 0) {
		throw new CliError(`${formatCount(refused)} ${refused === 1 ? "line" : "lines"} would be refused`, {
			code: "lines_refused",
			fix: `${rejects.path} says which and why`,
		});
	}
}

/**
 * Says of a line what the import would, if the account had nothing but the lines before it: the same device again is no
 * fault, another key or serial number for one that is there is. What is refused leaves nothing that a later line could meet.
 */
function judge({ number: line, jkt, serial }: GoodLine, keys: FirstSeen, serials: FirstSeen): Reject | null {
	const refuse = (code: "serial_changed" | "serial_taken", first: number, has: string) =>
		({ line, serial, code, why: `line ${first} has ${has}: ${explainRefusal(code)}` }) as const;
	const [key, same] = [keys.lineOf(jkt), serials.lineOf(foldSerial(serial))];
	if (key !== null && key !== same) return refuse("serial_changed", key, "the key under another serial number");
	if (key === null && same !== null) return refuse("serial_taken", same, "the serial number with another key");
	keys.see(jkt, line);
	serials.see(foldSerial(serial), line);
	return null;
}
