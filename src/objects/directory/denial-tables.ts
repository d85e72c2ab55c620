// The Directory's table of who is refused although a token may still say otherwise, and until when. Plain synchronous SQL.
import type { DenialScope, DeniedRecord } from "../../content/heads-record.ts";

export interface Denial {
	readonly scope: DenialScope;
	readonly id: string;
	/** of what caused it; an earlier version never undoes a later one */
	readonly version: number;
}

export class DenialTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @returns whether that changed who is denied; an earlier version than the known one, or the same again, changes nothing */
	save({ scope, id, version }: Denial, until: number, lifted: boolean): boolean {
		const query = `INSERT INTO denials (scope, id, version, until, lifted) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (scope, id) DO UPDATE SET version = excluded.version, until = MAX(until, excluded.until),
				lifted = excluded.lifted WHERE excluded.version > version RETURNING id`;
		return this.#sql.exec(query, scope, id, version, until, lifted ? 1 : 0).toArray().length > 0;
	}

	has(scope: string, id: string): boolean {
		return this.#sql.exec("SELECT 1 FROM denials WHERE scope = ? AND id = ?", scope, id).toArray().length > 0;
	}

	dropEnded(now: number): void {
		this.#sql.exec("DELETE FROM denials WHERE until <= ?", now);
	}

	denied(): Omit<DeniedRecord, "revision"> {
		const rows = (scope: DenialScope) =>
			this.#sql
				.exec<{ id: string; until: number; version: number }>(
					"SELECT id, until, version FROM denials WHERE scope = ? AND lifted = 0",
					scope,
				)
				.toArray();
		const devices = Object.fromEntries(rows("device").map(({ id, until }) => [id, until]));
		const licenseEpochs = Object.fromEntries(rows("licenseEpoch").map(({ id, version }) => [id, version]));
		return { devices, licenseEpochs };
	}
}
