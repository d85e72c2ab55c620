// The Directory's table of who is refused although a token may still say otherwise, and until when. Plain synchronous SQL.
import type { DenialScope, DeniedRecord } from "../../content/heads-record.ts";

/** What takes longer to reach the stores holds their denials up. */
const LATE_SECONDS = 30;

export interface Denial {
	readonly scope: DenialScope;
	readonly id: string;
	/** of what caused it; an earlier version never undoes a later one */
	readonly version: number;
}

export interface TimedDenial extends Denial {
	/** unix seconds */
	readonly until: number;
	/** unix seconds of the refusal behind it; now, if it is not given */
	readonly since?: number;
}

/** @returns until when a denial must stand that the Directory learns of now: what comes late ends as much later */
export function endOf({ until, since = Number.POSITIVE_INFINITY }: TimedDenial, now: number): number {
	return now - since > LATE_SECONDS ? until + now - since : until;
}

export class DenialTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/**
	 * @returns whether that changed who is denied, or noticeably until when; an earlier version than the known one changes
	 *   nothing
	 */
	save({ scope, id, version }: Denial, until: number, lifted: boolean): boolean {
		const query = `INSERT INTO denials (scope, id, version, until, lifted) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (scope, id) DO UPDATE SET version = excluded.version, until = MAX(until, excluded.until),
				lifted = excluded.lifted WHERE excluded.version > version OR
				(excluded.version = version AND NOT excluded.lifted AND NOT lifted AND excluded.until > until + ?) RETURNING id`;
		return this.#sql.exec(query, scope, id, version, until, lifted ? 1 : 0, LATE_SECONDS).toArray().length > 0;
	}

	has(scope: string, id: string): boolean {
		return this.#sql.exec("SELECT 1 FROM denials WHERE scope = ? AND id = ?", scope, id).toArray().length > 0;
	}

	dropEnded(now: number): void {
		this.#sql.exec("DELETE FROM denials WHERE until <= ?", now);
	}

	/**
	 * A denial is on its way to the stores.
	 * @param goesOn whether something was on its way before: if that was a denial, it is the older one that counts
	 */
	wait(now: number, goesOn = false): void {
		if (!goesOn) this.#sql.exec("DELETE FROM denials_waiting");
		this.#sql.exec("INSERT OR IGNORE INTO denials_waiting (only, since) VALUES (1, ?)", now);
	}

	/**
	 * Every store has every denial. Until then edges went on giving out tokens, so if it took long, all denials end so much
	 * later.
	 * @returns whether they do, and must be published
	 */
	arrived(now: number): boolean {
		const since = this.#sql.exec<{ since: number }>("SELECT since FROM denials_waiting").toArray()[0]?.since ?? now;
		this.#sql.exec("DELETE FROM denials_waiting");
		if (now - since <= LATE_SECONDS) return false;
		this.#sql.exec("UPDATE denials SET until = until + ? WHERE lifted = 0", now - since);
		this.wait(now);
		return true;
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
