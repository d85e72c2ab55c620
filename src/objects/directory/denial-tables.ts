// The Directory's table of who is refused although a token may still say otherwise, and until when. Plain synchronous SQL.
import type { DenialScope, DeniedRecord } from "../../content/heads-record.ts";
import type { DenialStep } from "../outbox/outbox-rows.ts";

export class DenialTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @returns whether that changed who is denied; an earlier version than the known one, or the same again, changes nothing */
	change(step: DenialStep): boolean {
		if (step.kind === "deny") return this.#save(step, false);
		const isKnown = this.#has(step);
		// Nothing to lift, and nothing to remember: the denials of one thing arrive in order.
		if (!isKnown && step.until === 0) return false;
		return this.#save(step, true) && isKnown;
	}

	#save({ scope, id, version, until }: DenialStep, lifted: boolean): boolean {
		const query = `INSERT INTO denials (scope, id, version, until, lifted) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (scope, id) DO UPDATE SET version = excluded.version, until = MAX(until, excluded.until),
				lifted = excluded.lifted WHERE excluded.version > version RETURNING id`;
		return this.#sql.exec(query, scope, id, version, until, lifted ? 1 : 0).toArray().length > 0;
	}

	#has({ scope, id }: DenialStep): boolean {
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
