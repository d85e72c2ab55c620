// Events into a stream of Cloudflare Pipelines, which writes them as a table for Basin SQL. A stream tells nothing of rows that break its
// schema: the sink has looked at each before (`faultOf`). A batch that is sent twice is there twice, with the same ids of rows.
import type { HistoryRow } from "../history/fields.ts";
import type { EventSinkParts } from "./event-sink.ts";

/** The Worker's binding of a stream. */
export interface HistoryStream {
	/** @throws when the rows were not taken */
	send(rows: HistoryRow[]): Promise<void>;
}

/** @throws what the stream throws */
export function createStreamHistoryWriter(stream: HistoryStream): EventSinkParts["write"] {
	return async ({ rows }) => {
		await stream.send([...rows]);
	};
}
