// Which devices of whatever account have a serial number: one of the shards (entitlement/devices/serial-hash.ts), by the number's hash. What is here may be
// late, and may name devices that their account has forgotten; whoever reads it asks the accounts. Nothing here is the only copy.
import { DurableObject } from "cloudflare:workers";
import type { ObjectBindings } from "../bindings.ts";
import { createTables, openTables, type Schema } from "../schema.ts";
import type { SerialEntry } from "../serial-port.ts";

const SERIAL_SCHEMA: Schema = {
	tables: [
		`CREATE TABLE serials (
			hash TEXT NOT NULL, -- of the serial number
			device TEXT NOT NULL, -- id
			PRIMARY KEY (hash, device)
		) WITHOUT ROWID`,
	],
	steps: [],
};

export class SerialIndex extends DurableObject<ObjectBindings> {
	#exists: boolean;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env);
		this.#exists = openTables(ctx.storage, SERIAL_SCHEMA);
	}

	/** Those that are known write nothing. */
	async note(entries: readonly SerialEntry[]): Promise<void> {
		this.ctx.storage.transactionSync(() => {
			if (!this.#exists) createTables(this.ctx.storage, SERIAL_SCHEMA);
			for (const { hash, device } of entries) {
				this.ctx.storage.sql.exec("INSERT OR IGNORE INTO serials (hash, device) VALUES (?, ?)", hash, device);
			}
		});
		this.#exists = true;
	}

	/** @param after id of the last device of the page before; "" for the first @returns ids, in their order */
	async devices(hash: string, after: string, limit: number): Promise<string[]> {
		if (!this.#exists) return [];
		const query = "SELECT device FROM serials WHERE hash = ? AND device > ? ORDER BY device LIMIT ?";
		const found = this.ctx.storage.sql.exec<{ device: string }>(query, hash, after, limit).toArray();
		return found.map(({ device }) => device);
	}
}
