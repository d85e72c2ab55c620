// Receipts of messages of the day as rows. Plain synchronous SQL.
import type { Receipt } from "../../../fleet/message-receipt.ts";

export const RECEIPT_TABLE = `CREATE TABLE message_receipts (
	message TEXT NOT NULL,
	device TEXT NOT NULL,
	ends_at INTEGER NOT NULL, -- of the message
	fetched_at INTEGER NOT NULL,
	acked_at INTEGER, -- null = not yet
	acked_by TEXT, -- in the device's own word; null = it did not say
	PRIMARY KEY (message, device)
) WITHOUT ROWID`;

type ReceiptRow = { device: string; fetched_at: number; acked_at: number | null; acked_by: string | null };

/** What a receipt is of. */
export interface ReceiptOf {
	/** id of the message */
	readonly id: string;
	/** unix seconds: its end */
	readonly endsAt: number;
}

export class ReceiptTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** Where there is one already nothing is written. */
	insert({ id, endsAt }: ReceiptOf, device: string, fetchedAt: number): void {
		const query = "INSERT OR IGNORE INTO message_receipts (message, device, ends_at, fetched_at) VALUES (?, ?, ?, ?)";
		this.#sql.exec(query, id, device, endsAt, fetchedAt);
	}

	save({ id, endsAt }: ReceiptOf, device: string, { fetchedAt, ackedAt, ackedBy }: Receipt): void {
		const query = `INSERT OR REPLACE INTO message_receipts (message, device, ends_at, fetched_at, acked_at, acked_by)
			VALUES (?, ?, ?, ?, ?, ?)`;
		this.#sql.exec(query, id, device, endsAt, fetchedAt, ackedAt, ackedBy);
	}

	/** @returns by device, of those whose ids lie between these two, both with them */
	receipts(message: string, first: string, last: string): Map<string, Receipt> {
		const query = `SELECT device, fetched_at, acked_at, acked_by FROM message_receipts
			WHERE message = ? AND device BETWEEN ? AND ?`;
		const rows = this.#sql.exec<ReceiptRow>(query, message, first, last).toArray();
		return new Map(
			rows.map(({ device, fetched_at, acked_at, acked_by }) => [
				device,
				{ fetchedAt: fetched_at, ackedAt: acked_at, ackedBy: acked_by },
			]),
		);
	}

	/** Removes receipts of messages that ended then or earlier. @param endedBy unix seconds @param limit rows at most */
	removeEnded(endedBy: number, limit: number): void {
		// One row is read for each message, not one for each receipt.
		const next = "SELECT message, ends_at FROM message_receipts WHERE message > ? ORDER BY message LIMIT 1";
		const some = "SELECT device FROM message_receipts WHERE message = ?1 ORDER BY device LIMIT ?2";
		let room = limit;
		for (let after = ""; room > 0; ) {
			const [row] = this.#sql.exec<{ message: string; ends_at: number }>(next, after).toArray();
			if (row === undefined) return;
			after = row.message;
			if (row.ends_at > endedBy) continue;
			const query = `DELETE FROM message_receipts WHERE message = ?1 AND device IN (${some}) RETURNING device`;
			room -= this.#sql.exec(query, row.message, room).toArray().length;
		}
	}
}
