// Tells the index of serial numbers which devices the Account has: each soon after it came, and a page of them again with the daily
// round, should the index have lost some. What does not arrive is told again. No change waits for it.
import { hashSerial, serialShard } from "../../../entitlement/devices/serial-hash.ts";
import type { Alarm } from "../../alarm.ts";
import type { SerialEntry, SerialPort } from "../../serial-port.ts";

export const UNTOLD_TABLE = `CREATE TABLE untold_serials ( -- of devices that the index has not heard of yet
	device TEXT PRIMARY KEY
) WITHOUT ROWID`;

/** A batch of an import; the index has them in one call for each of its shards. */
const DEVICES_AT_ONCE = 200;
/** With the summary of the fleet, in one alarm. */
const SOON_MS = 45_000;
const AGAIN_MS = 60_000;

type Named = { readonly id: string; readonly serial: string };

export interface SerialDeskParts {
	readonly sql: SqlStorage;
	readonly alarm: Alarm;
	readonly index: SerialPort;
	/** in the order of their ids, from the first one after the given id */
	readonly devices: { devices(after: string, limit: number): readonly Named[] };
	readonly nowMs?: () => number;
}

export class SerialDesk {
	readonly #parts: SerialDeskParts;
	readonly #nowMs: () => number;
	/** unix ms; after a restart of the object nobody knows, so it is at once */
	#dueMs = 0;
	#telling: Promise<void> | null = null;

	constructor(parts: SerialDeskParts) {
		this.#parts = parts;
		this.#nowMs = parts.nowMs ?? (() => Date.now());
		parts.alarm.add({ dueMs: () => (this.#isEmpty() ? null : this.#dueMs), run: () => this.tell() });
	}

	/** To be called in the transaction in which a device comes. */
	mark(device: string): void {
		if (this.#isEmpty()) this.#dueMs = this.#nowMs() + SOON_MS;
		this.#parts.sql.exec("INSERT OR IGNORE INTO untold_serials (device) VALUES (?)", device);
		this.#parts.alarm.setWithin();
	}

	/** Tells of some that the index has not heard of. Never rejects: the alarm goes on with what is left. */
	tell(): Promise<void> {
		this.#telling ??= this.#tell().finally(() => {
			this.#telling = null;
		});
		return this.#telling;
	}

	/** Tells of a page again. Never rejects: the next round tells them too. @param after id of the last device before it */
	async tellAgain(after: string, limit: number): Promise<void> {
		await this.#deliver(this.#parts.devices.devices(after, limit)).catch(() => {});
	}

	async #tell(): Promise<void> {
		const query = `SELECT id, serial FROM untold_serials JOIN devices ON id = device ORDER BY device LIMIT ${DEVICES_AT_ONCE}`;
		const devices = this.#parts.sql.exec<Named>(query).toArray();
		try {
			await this.#deliver(devices);
			for (const { id } of devices) this.#parts.sql.exec("DELETE FROM untold_serials WHERE device = ?", id);
		} catch {
			this.#dueMs = this.#nowMs() + AGAIN_MS;
		}
	}

	/** @throws where a shard could not be told */
	async #deliver(devices: readonly Named[]): Promise<void> {
		const entries = devices.map(({ id, serial }): SerialEntry => ({ hash: hashSerial(serial), device: id }));
		const byShard = Map.groupBy(entries, ({ hash }) => serialShard(hash));
		await Promise.all(Array.from(byShard, ([shard, own]) => this.#parts.index.note(shard, own)));
	}

	#isEmpty(): boolean {
		return this.#parts.sql.exec("SELECT 1 FROM untold_serials LIMIT 1").toArray().length === 0;
	}
}
