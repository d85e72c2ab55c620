// Events as files of an R2 bucket: gzipped JSON, one line for each row, in a folder for each hour. For one machine and for small
// deployments; a batch that is written twice replaces its own files.
import type { HistoryRow } from "../history/fields.ts";
import { hourFile } from "../history/hour-files.ts";
import type { EventSinkParts } from "./event-sink.ts";

const GZIPPED: Pick<R2PutOptions, "httpMetadata"> = { httpMetadata: { contentType: "application/gzip" } };

/** @throws what R2 throws, and then some of the batch's files may be there */
export function createR2HistoryWriter(bucket: Pick<R2Bucket, "put">): EventSinkParts["write"] {
	return async ({ name, rows }) => {
		const byHour = Map.groupBy(rows, ({ time }) => time.slice(0, 13));
		for (const [hour, those] of byHour) await bucket.put(hourFile(hour, name), await gzip(linesOf(those)), GZIPPED);
	};
}

/** @returns one line of JSON for each row; what is null is left out, which is half of a row */
export function linesOf(rows: readonly HistoryRow[]): string {
	return rows.map((row) => `${JSON.stringify(row, (_, value) => value ?? undefined)}\n`).join("");
}

function gzip(text: string): Promise<ArrayBuffer> {
	const bytes = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
	return new Response(bytes).arrayBuffer();
}
