// The text of records that many edges ask an object for at once, as when KV is out: read from the tables and written as JSON
// once per version, not once per question. One text for all revisions of a record.
import { formatRecord, seriesOf } from "../../storage/record-store.ts";
import type { RecordStep } from "./outbox-rows.ts";

export interface ToldRecord {
	readonly step: RecordStep;
	/** the record in its stored form, under the key that was asked for */
	readonly text: string;
}

export class ToldRecords {
	readonly #told = new Map<string, ToldRecord & { readonly key: string; readonly version: number }>();

	/**
	 * @param key one of the few that the object owns, or an earlier revision of one
	 * @param version of the record as it is now; while it stays, so does the text
	 */
	tell(key: string, version: number, make: () => RecordStep): ToldRecord {
		const known = this.#told.get(seriesOf(key));
		if (known !== undefined && known.key === key && known.version === version) return known;
		const step = make();
		const told = { key, version, step, text: formatRecord(key, step) };
		this.#told.set(seriesOf(key), told);
		return told;
	}
}
