// Checked lines in batches that one request can carry.
import { MAX_LINES } from "../../../../src/entitlement/devices/device-line.ts";
import { type CheckedLine, checkLine, type NameChoice, type Reject } from "./line-check.ts";
import type { TextLine } from "./line-reader.ts";

export type GoodLine = Extract<CheckedLine, { ok: true }>;

export interface LineBatch {
	readonly good: readonly GoodLine[];
	readonly rejects: readonly Reject[];
	/** up to the end of which line this goes, empty ones included; `offset`: bytes up to there */
	readonly end: { readonly line: number; readonly offset: number };
}

/** The service takes 65,536 bytes. */
const MAX_BODY_BYTES = 60_000;
/** So that a file of rubbish, or of nothing, is seen to move. */
const LINES_PER_BATCH = 1_000;

/** @returns every line once, in order */
export async function* batchLines(lines: AsyncIterable<TextLine>, names: NameChoice): AsyncGenerator<LineBatch> {
	let good: GoodLine[] = [];
	let rejects: Reject[] = [];
	let [bytes, count] = [0, 0];
	let end: LineBatch["end"] | null = null;
	for await (const line of lines) {
		const checked = await checkLine(line, names);
		const size = checked?.ok ? Buffer.byteLength(checked.body) + 1 : 0;
		const isFull = good.length === MAX_LINES || bytes + size > MAX_BODY_BYTES || count === LINES_PER_BATCH;
		if (isFull && end !== null) {
			yield { good, rejects, end };
			[good, rejects, bytes, count] = [[], [], 0, 0];
		}
		if (checked?.ok === true) good.push(checked);
		if (checked?.ok === false) rejects.push(checked.reject);
		bytes += size;
		count += 1;
		end = { line: line.number, offset: line.end };
	}
	if (end !== null && count > 0) yield { good, rejects, end };
}
