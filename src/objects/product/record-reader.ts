// Answers edges that ask a Product for its record, which they did not find in any store.
import { productKey } from "../../storage/keys.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { Republisher } from "../outbox/republisher.ts";
import { ToldRecords } from "../outbox/told-records.ts";
import type { ProductRecordWriter } from "./product-record-writer.ts";
import type { ProductTables } from "./product-tables.ts";

export interface RecordReaderParts {
	readonly tables: ProductTables;
	readonly records: ProductRecordWriter;
	readonly outbox: Outbox;
}

export class RecordReader {
	readonly #parts: RecordReaderParts;
	readonly #republisher: Republisher;
	readonly #told = new ToldRecords();

	constructor(ctx: DurableObjectState, parts: RecordReaderParts) {
		this.#parts = parts;
		this.#republisher = new Republisher(ctx, parts.outbox);
	}

	/**
	 * @returns the record in its stored form. Asked for an earlier revision it gives the one of now: the caller's head is
	 * old, and a newer record is better than none.
	 */
	read(key: string): string | null {
		const { tables, records } = this.#parts;
		const info = tables.info();
		if (info === null) return null;
		// Without a release there is no record: `heads` does not know the product yet.
		const asked = Number(key.slice(productKey(info.name, 0).length - 1));
		if (info.revision === 0 || key !== productKey(info.name, asked) || asked > info.revision) return null;
		const { step, text } = this.#told.tell(key, info.revision, () => records.step(info));
		if (step.key === key) this.#republisher.offer(step);
		return text;
	}
}
