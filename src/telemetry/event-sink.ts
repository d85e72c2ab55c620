// Where events of the history go. A sink never throws, and never delays or fails a request: it gathers rows in the isolate and writes
// them in batches behind the answers. A batch that could not be written is tried again with each that follows, under the same name.
// What comes when too many rows wait is dropped, counted, and told by a row of its own. What an isolate holds when it ends is lost.
import { faultOf, type HistoryRow } from "../history/fields.ts";
import { type Clock, pause } from "../storage/clock.ts";

export interface EventSink {
	/** @param waitUntil of the request that the row is about */
	record(row: HistoryRow, waitUntil: (work: Promise<void>) => void): void;
}

/** Rows that are written together. A batch that is written again, because nobody knew whether it was, has the same name and rows. */
export interface RowBatch {
	/** letters of a to z, digits and hyphens */
	readonly name: string;
	readonly rows: readonly HistoryRow[];
}

/** With the longest of rows less than the 5 MB that a stream takes at once. */
export const MAX_BATCH_ROWS = 1_500;
/** That wait in an isolate: of usual size about 5 MB of its 128. */
export const MAX_WAITING_ROWS = 10_000;
/** Rows about nobody that the service knows may take so many of these places, or a stranger could crowd out the fleet. */
export const MAX_STRANGERS = MAX_WAITING_ROWS / 2;
/** A write that has not ended by then was thrown away with its request: what is behind an answer lives for 30 s. */
const ABANDONED_MS = 30_000;
const AGAIN_AFTER_MS = 2_000;

export interface EventSinkParts {
	/** @throws when it is not known whether all rows of the batch were written */
	readonly write: (batch: RowBatch) => Promise<void>;
	readonly clock: Clock;
	/** ms for which a batch waits for more */
	readonly gatherMs: number;
	/** of the next batch, never the same twice */
	readonly batchName: () => string;
	/** the row that tells of so many that were dropped */
	readonly lostRow: (count: number, nowMs: number) => HistoryRow;
	readonly warn: (line: string) => void;
}

interface SealedBatch extends RowBatch {
	/** unix ms; null = nobody is writing it */
	writingSince: number | null;
}

/** The one sink that there is, over whatever writes its batches. */
export function createEventSink(parts: EventSinkParts): EventSink {
	const { write, clock, gatherMs, batchName, warn } = parts;
	let open: HistoryRow[] = [];
	/** when somebody undertook to flush the open rows; null = nobody has */
	let undertakenMs: number | null = null;
	const sealed: SealedBatch[] = [];
	let waiting = 0;
	let lost = 0;

	function seal(): void {
		undertakenMs = null;
		if (lost > 0) {
			open.push(parts.lostRow(lost, clock.nowMs()));
			waiting += 1;
			warn(`history: ${lost} events were dropped, because they could not be written in time`);
			lost = 0;
		}
		if (open.length === 0) return;
		sealed.push({ name: batchName(), rows: open, writingSince: null });
		open = [];
	}

	/** @returns whether everything that nobody else is writing was written */
	async function writeSealed(): Promise<boolean> {
		const nowMs = clock.nowMs();
		const mine = sealed.filter(({ writingSince }) => writingSince === null || nowMs - writingSince > ABANDONED_MS);
		for (const batch of mine) batch.writingSince = nowMs;
		for (const [turn, batch] of mine.entries()) {
			try {
				await write(batch);
			} catch {
				// The others would only wait for the same.
				for (const left of mine.slice(turn)) left.writingSince = null;
				return false;
			}
			const at = sealed.indexOf(batch);
			if (at === -1) continue;
			sealed.splice(at, 1);
			waiting -= batch.rows.length;
		}
		return true;
	}

	async function flush(waitMs: number): Promise<void> {
		if (waitMs > 0) await pause(clock, waitMs);
		seal();
		if (await writeSealed()) return;
		await pause(clock, AGAIN_AFTER_MS);
		if (!(await writeSealed())) warn(`history: ${waiting} events could not be written yet`);
	}

	return {
		record(row, waitUntil) {
			const fault = faultOf(row);
			if (fault !== null) warn(`history: a row was dropped, since its ${fault}`);
			const bound = row.account === null ? MAX_STRANGERS : MAX_WAITING_ROWS;
			if (fault !== null || waiting >= bound) {
				lost += 1;
			} else {
				open.push(row);
				waiting += 1;
			}
			const nowMs = clock.nowMs();
			// One place is for the row that tells of those that were lost.
			if (open.length >= MAX_BATCH_ROWS - 1) waitUntil(flush(0));
			else if (undertakenMs === null || nowMs - undertakenMs > ABANDONED_MS) {
				undertakenMs = nowMs;
				waitUntil(flush(gatherMs));
			}
		},
	};
}
