// Withdrawals that the transparency log has to be told of: noted with the withdrawal itself, told by the object's alarm until it is
// known that the log has them. To tell one twice is harmless.
import type { Alarm } from "../../alarm.ts";
import type { LoggedWithdrawal } from "../../bindings.ts";

export const WITHDRAWAL_TABLES = [
	`CREATE TABLE unlogged (
		version TEXT PRIMARY KEY, -- of a release that was withdrawn, which the log has not got yet
		at INTEGER NOT NULL -- unix seconds
	) WITHOUT ROWID`,
];

const RETRY_MS = 30_000;

export interface WithdrawalLogParts {
	readonly sql: SqlStorage;
	readonly alarm: Alarm;
	readonly product: () => string;
	/** null where the deployment has no log */
	readonly tell: ((withdrawal: LoggedWithdrawal) => Promise<void>) | null;
}

export class WithdrawalLog {
	readonly #parts: WithdrawalLogParts;
	#dueMs = 0;

	constructor(parts: WithdrawalLogParts) {
		this.#parts = parts;
		parts.alarm.add({ dueMs: () => (this.#next() === null ? null : this.#dueMs), run: (nowMs) => this.#tell(nowMs) });
	}

	/** Within the transaction of the withdrawal. */
	note(version: string, at: number): void {
		if (this.#parts.tell === null) return;
		this.#parts.sql.exec("INSERT OR IGNORE INTO unlogged (version, at) VALUES (?, ?)", version, at);
		this.#dueMs = 0;
		this.#parts.alarm.setWithin();
	}

	async #tell(nowMs: number): Promise<void> {
		const { sql, product, tell } = this.#parts;
		try {
			for (let next = this.#next(); next !== null; next = this.#next()) {
				await tell?.({ product: product(), ...next });
				sql.exec("DELETE FROM unlogged WHERE version = ?", next.version);
			}
		} catch (error) {
			const why = error instanceof Error ? error.message : "unknown";
			console.warn(`the log was not told of a withdrawal, and will be again: ${why}`);
			this.#dueMs = nowMs + RETRY_MS;
		}
	}

	#next(): Omit<LoggedWithdrawal, "product"> | null {
		const query = "SELECT version, at FROM unlogged ORDER BY version LIMIT 1";
		const row = this.#parts.sql.exec<{ version: string; at: number }>(query).toArray()[0];
		return row === undefined ? null : { version: row.version, at: row.at };
	}
}
