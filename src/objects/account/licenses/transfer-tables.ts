// An Account's transfers of seats as rows: the last one out of each license, and of all of them at most one that has not ended.
// Plain synchronous SQL; no rule is decided here.
import type { TransferPhase } from "../../../entitlement/licenses/license-transfer.ts";

export interface Transfer {
	/** id of the license that is left, and of the one that gets its seats */
	readonly from: string;
	readonly to: string;
	readonly phase: TransferPhase;
	/** who began it */
	readonly actor: string;
	/** unix seconds */
	readonly startedAt: number;
	/** unix seconds; null = it has not ended */
	readonly endedAt: number | null;
	/** seats that have gone over */
	readonly moved: number;
	/** holder of the last seat that got its lease in this pass over them; "" = none has */
	readonly leasedTo: string;
	/** whether it ended before all seats had gone over, because the other license was revoked */
	readonly isStopped: boolean;
}

type TransferRow = {
	license: string;
	target: string;
	phase: TransferPhase;
	actor: string;
	started_at: number;
	ended_at: number | null;
	moved: number;
	leased_to: string;
	stopped: number;
};

export class TransferTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @returns the last one out of a license; null = there was none */
	of(license: string): Transfer | null {
		return this.#one("SELECT * FROM transfers WHERE license = ?", license);
	}

	/** @returns the one that has not ended */
	running(): Transfer | null {
		return this.#one("SELECT * FROM transfers WHERE ended_at IS NULL");
	}

	/** @returns the one whose seats have not all gone over yet */
	moving(): Transfer | null {
		const running = this.running();
		return running?.phase === "moving" ? running : null;
	}

	/** Writes the transfer as it is given, new or changed. */
	save({ from, to, phase, actor, startedAt, endedAt, moved, leasedTo, isStopped }: Transfer): void {
		const query = `INSERT OR REPLACE INTO transfers (license, target, phase, actor, started_at, ended_at, moved, leased_to, stopped)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
		this.#sql.exec(query, from, to, phase, actor, startedAt, endedAt, moved, leasedTo, isStopped ? 1 : 0);
	}

	#one(query: string, ...values: string[]): Transfer | null {
		const row = this.#sql.exec<TransferRow>(query, ...values).toArray()[0];
		return row === undefined ? null : transferOf(row);
	}
}

function transferOf(row: TransferRow): Transfer {
	const { license: from, target: to, phase, actor, started_at: startedAt, ended_at: endedAt, moved } = row;
	return { from, to, phase, actor, startedAt, endedAt, moved, leasedTo: row.leased_to, isStopped: row.stopped === 1 };
}
