// What tells the history of requests. Whatever goes wrong here is said in the log and goes no further.
import { systemClock } from "../storage/clock.ts";
import { createCheckSample } from "./check-sample.ts";
import { createEventSink, type EventSinkParts } from "./event-sink.ts";
import { historyRow, lostRow } from "./history-row.ts";
import type { RequestEvent } from "./request-event.ts";

export interface History {
	/** @param nowMs unix ms at which the request came @param waitUntil of the request */
	record(event: RequestEvent, nowMs: number, waitUntil: (work: Promise<void>) => void): void;
}

/** For services without one. */
export const noHistory: History = { record() {} };

/** @param write where batches go @param version of the Worker @param gatherMs for which a batch waits for more */
export function createHistory(write: EventSinkParts["write"], version: string, gatherMs: number): History {
	// The first part tells isolates apart, the second what an isolate has written.
	const isolate = crypto.randomUUID().slice(0, 13);
	let rows = 0;
	let batches = 0;
	const weighCheck = createCheckSample(Math.random);
	const origin = { id: () => `${isolate}-${(rows++).toString(36)}`, version, weighCheck };
	const warn = (line: string) => console.warn(line);
	const sink = createEventSink({
		...{ write, clock: systemClock, gatherMs, warn },
		batchName: () => `${Date.now()}-${isolate}-${(batches++).toString(36)}`,
		lostRow: (count, nowMs) => lostRow(count, nowMs, origin),
	});
	return {
		record(event, nowMs, waitUntil) {
			try {
				const row = historyRow(event, nowMs, origin);
				if (row !== null) sink.record(row, waitUntil);
			} catch (error) {
				console.error(`history failed: ${error instanceof Error ? error.name : "unknown"}`);
			}
		},
	};
}
