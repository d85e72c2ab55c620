// What the last probe of the service has found, and whether it is failing. In the transaction of the caller.
import { heed, type ProbeState } from "../../probe/probe-state.ts";
import type { ProbeResult } from "../../probe/run-probe.ts";
import type { WriteDeploymentAudit } from "../audit.ts";

export const PROBE_TABLES = [
	`CREATE TABLE probe ( -- one row
		body TEXT NOT NULL -- JSON: ProbeState
	)`,
];

const BY = "probe";

export class ProbeDesk {
	readonly #sql: SqlStorage;
	readonly #audit: WriteDeploymentAudit;

	constructor(sql: SqlStorage, audit: WriteDeploymentAudit) {
		this.#sql = sql;
		this.#audit = audit;
	}

	/** @returns null = there was none */
	state(): ProbeState | null {
		const [row] = this.#sql.exec<{ body: string }>("SELECT body FROM probe").toArray();
		return row === undefined ? null : JSON.parse(row.body);
	}

	/** @param now unix seconds */
	note(result: ProbeResult, now: number): void {
		const { state, news } = heed(this.state(), result, now);
		this.#sql.exec("DELETE FROM probe");
		this.#sql.exec("INSERT INTO probe (body) VALUES (?)", JSON.stringify(state));
		if (news === null) return;
		const detail = result.failed === null ? "" : `${result.code}`;
		this.#audit({ actor: BY, now }, news, result.failed ?? "", detail);
	}
}
