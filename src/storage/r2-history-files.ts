// The hour files of the history, for who reads or removes them; who writes them is telemetry/r2-history.ts. Removing one that is not
// there, or that another removes at once, is no fault.
import { EVENTS_PREFIX, hourFolder, hourOfFile, isPast } from "../history/hour-files.ts";

/** As many as one call of R2 lists, and removes. */
export const MAX_LISTED = 1_000;

/** The bucket did not answer; it may the next time. */
export class HistoryUnavailableError extends Error {
	override readonly name = "HistoryUnavailableError";
	readonly retryable = true;
}

export interface HistoryFile {
	readonly name: string;
	readonly size: number;
}

/** @throws HistoryUnavailableError from each */
export interface HistoryFiles {
	/**
	 * @param from first hour, "2026-11-28T22"; "" = from the first @param after name of the last file that is known; "" = from the first
	 * @returns files by name, and whether there are more
	 */
	list(from: string, after: string): Promise<{ files: HistoryFile[]; more: boolean }>;
	/** @returns null when there is none of that name */
	read(name: string): Promise<{ size: number; body: ReadableStream } | null>;
	/** Removes files that hold nothing younger than so many days, the oldest first, and at most a call's worth. @returns how many */
	prune(days: number, now: number): Promise<number>;
}

export function createR2HistoryFiles(bucket: R2Bucket): HistoryFiles {
	return {
		async list(from, after) {
			const folder = from === "" ? EVENTS_PREFIX : hourFolder(from);
			const found = await answered(
				bucket.list({ prefix: EVENTS_PREFIX, limit: MAX_LISTED, startAfter: after > folder ? after : folder }),
			);
			const files = found.objects.filter(({ key }) => hourOfFile(key) !== null);
			return { files: files.map(({ key, size }) => ({ name: key, size })), more: found.truncated };
		},
		async read(name) {
			if (hourOfFile(name) === null) return null;
			const found = await answered(bucket.get(name));
			return found === null ? null : { size: found.size, body: found.body };
		},
		async prune(days, now) {
			// Names sort by time: what is oldest is on the first page.
			const found = await answered(bucket.list({ prefix: EVENTS_PREFIX, limit: MAX_LISTED }));
			const past = found.objects.map(({ key }) => key).filter((key) => isPast(key, days, now));
			if (past.length > 0) await answered(bucket.delete(past));
			return past.length;
		},
	};
}

async function answered<T>(call: Promise<T>): Promise<T> {
	try {
		return await call;
	} catch (cause) {
		throw new HistoryUnavailableError("the bucket of the history did not answer", { cause });
	}
}
