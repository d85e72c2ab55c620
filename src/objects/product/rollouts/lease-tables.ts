// The rows of the permits that a Product gave while few may have a release: who has one, since when, and what became of it. Plain
// synchronous SQL; what a permit needs and what a report means is in src/rollout.
import type { Lease, LeaseOutcome } from "../../../rollout/lease.ts";

export const LEASE_TABLES = [
	`CREATE TABLE leases (
		version TEXT NOT NULL,
		unit TEXT NOT NULL, -- HA group or device: what a rollout counts as one
		device TEXT NOT NULL,
		model TEXT NOT NULL,
		site TEXT, -- account and label; null = it does not say
		region TEXT, -- label; null likewise
		step INTEGER NOT NULL,
		at INTEGER NOT NULL, -- from when on it runs
		counts INTEGER NOT NULL, -- 0, 1: it stands for its unit; a later member of an HA group counts only where it fails
		partners TEXT, -- JSON list: devices of the HA group that need no place of their own; null = none
		deferrals INTEGER NOT NULL, -- how often the device has put the release off
		outcome TEXT, -- LeaseOutcome; null = open
		detail TEXT, -- in the device's own word, or the limit of health that it broke
		rules TEXT, -- JSON list: of one that failed the rules that matched most, as the device says
		outcome_at INTEGER,
		PRIMARY KEY (version, device)
	) WITHOUT ROWID`,
	// A device by itself is found by its own key: it costs no row here.
	"CREATE INDEX leases_of_group ON leases (version, unit) WHERE unit <> device",
	"CREATE INDEX leases_failed ON leases (version, outcome_at) WHERE outcome IN ('failed', 'silent')",
	// All leases of a step are of one length, so this is the order in which they are overdue and end.
	"CREATE INDEX leases_open ON leases (version, step, at) WHERE outcome IS NULL",
	"CREATE INDEX leases_by_site ON leases (version, site) WHERE site IS NOT NULL",
	`CREATE TABLE step_counts (
		version TEXT NOT NULL,
		step INTEGER NOT NULL,
		permits INTEGER NOT NULL DEFAULT 0,
		healthy INTEGER NOT NULL DEFAULT 0,
		failed INTEGER NOT NULL DEFAULT 0,
		unhealthy INTEGER NOT NULL DEFAULT 0,
		silent INTEGER NOT NULL DEFAULT 0,
		excused INTEGER NOT NULL DEFAULT 0,
		models INTEGER NOT NULL DEFAULT 0,
		PRIMARY KEY (version, step)
	) WITHOUT ROWID`,
	`CREATE TABLE step_models (
		version TEXT NOT NULL,
		step INTEGER NOT NULL,
		model TEXT NOT NULL,
		PRIMARY KEY (version, step, model)
	) WITHOUT ROWID`,
	// Only in steps that take few units of one account.
	`CREATE TABLE step_accounts (
		version TEXT NOT NULL,
		step INTEGER NOT NULL,
		account TEXT NOT NULL, -- name of its object
		units INTEGER NOT NULL,
		PRIMARY KEY (version, step, account)
	) WITHOUT ROWID`,
];

type LeaseRow = {
	version: string;
	unit: string;
	device: string;
	model: string;
	site: string | null;
	region: string | null;
	step: number;
	at: number;
	counts: number;
	partners: string | null;
	deferrals: number;
	outcome: LeaseOutcome | null;
	detail: string | null;
	outcome_at: number | null;
	rules: string | null;
};

/** A lease that failed. */
export type FailedLease = Pick<Lease, "device" | "model" | "step" | "detail" | "outcomeAt"> & {
	readonly outcome: "failed" | "silent";
	readonly rules: readonly string[];
};

export class LeaseTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @returns the leases that were given to the unit, and those of devices that belong to it now, whatever they belonged to then */
	ofUnit(version: string, unit: string, devices: readonly string[]): Lease[] {
		// Left to itself SQLite reads each lease of the release.
		const query = `SELECT * FROM leases INDEXED BY leases_of_group WHERE version = ?1 AND unit = ?2 AND unit <> device
			UNION SELECT * FROM leases WHERE version = ?1 AND device IN (SELECT value FROM json_each(?3))`;
		return this.#sql.exec<LeaseRow>(query, version, unit, JSON.stringify(devices)).toArray().map(leaseOf);
	}

	/** @returns null where the device has none */
	ofDevice(version: string, device: string): Lease | null {
		const query = "SELECT * FROM leases WHERE version = ? AND device = ?";
		const [row] = this.#sql.exec<LeaseRow>(query, version, device).toArray();
		return row === undefined ? null : leaseOf(row);
	}

	/** A lease that there is begins anew. */
	save(
		version: string,
		{
			unit,
			device,
			model,
			site,
			region,
			step,
			at,
			counts,
			partners,
			deferrals,
			outcome,
			detail,
			outcomeAt,
			rules,
		}: Lease,
	): void {
		this.#sql.exec(
			`INSERT OR REPLACE INTO leases
				(version, unit, device, model, site, region, step, at, counts, deferrals, outcome, detail, outcome_at, rules,
				partners) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			...[version, unit, device, model, site, region, step, at, counts ? 1 : 0, deferrals, outcome, detail, outcomeAt],
			rules === undefined ? null : JSON.stringify(rules),
			partners.length === 0 ? null : JSON.stringify(partners),
		);
	}

	/** @returns leases that are open since then or longer */
	overdue(version: string, step: number, since: number): number {
		const query = `SELECT COUNT(*) AS n FROM leases
			WHERE version = ? AND step = ? AND at <= ? AND outcome IS NULL AND counts = 1`;
		return this.#sql.exec<{ n: number }>(query, version, step, since).one().n;
	}

	/** @returns leases that are open since then or longer, oldest first */
	openSince(version: string, step: number, since: number, limit: number): Lease[] {
		const query = `SELECT * FROM leases WHERE version = ? AND step = ? AND at <= ? AND outcome IS NULL
			ORDER BY at LIMIT ?`;
		return this.#sql.exec<LeaseRow>(query, version, step, since, limit).toArray().map(leaseOf);
	}

	/** @returns unix seconds from when on the oldest open lease of the step runs; null = none is open */
	oldestOpen(version: string, step: number): number | null {
		const query = "SELECT MIN(at) AS at FROM leases WHERE version = ? AND step = ? AND outcome IS NULL";
		return this.#sql.exec<{ at: number | null }>(query, version, step).one().at;
	}

	/** @returns those that failed last, newest first */
	failures(version: string, limit: number): FailedLease[] {
		const query = `SELECT * FROM leases WHERE version = ? AND outcome IN ('failed', 'silent')
			ORDER BY outcome_at DESC, unit LIMIT ?`;
		const rows = this.#sql.exec<LeaseRow>(query, version, limit).toArray();
		return rows.map(({ device, model, step, detail, outcome, outcome_at: outcomeAt, rules }) => ({
			...{ device, model, step, detail, outcomeAt, outcome: outcome === "silent" ? "silent" : "failed" },
			rules: rules === null ? [] : (JSON.parse(rules) as string[]),
		}));
	}

	/** @returns whether the release has any */
	hasAny(version: string): boolean {
		return this.#sql.exec("SELECT 1 FROM leases WHERE version = ? LIMIT 1", version).toArray().length > 0;
	}

	/** A release that was promoted begins anew: what its steps on beta showed is in the log. */
	forget(version: string): void {
		for (const table of ["leases", "step_counts", "step_models", "step_accounts"])
			this.#sql.exec(`DELETE FROM ${table} WHERE version = ?`, version);
	}

	/** Drops some leases of a rollout that is over; what they counted stays. */
	drop(version: string, limit: number): void {
		const query = `DELETE FROM leases WHERE version = ?1 AND device IN
			(SELECT device FROM leases WHERE version = ?1 LIMIT ?2)`;
		this.#sql.exec(query, version, limit);
	}

	/** @returns whether the model is the first of its kind in the step */
	addModel(version: string, step: number, model: string): boolean {
		const query =
			"INSERT INTO step_models (version, step, model) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING model";
		return this.#sql.exec(query, version, step, model).toArray().length > 0;
	}

	/** No unit of the model stands for the step any more. */
	dropModel(version: string, step: number, model: string): void {
		this.#sql.exec("DELETE FROM step_models WHERE version = ? AND step = ? AND model = ?", version, step, model);
	}

	hasModel(version: string, step: number, model: string): boolean {
		const query = "SELECT 1 FROM step_models WHERE version = ? AND step = ? AND model = ?";
		return this.#sql.exec(query, version, step, model).toArray().length > 0;
	}

	/** @returns unix seconds at which a unit of the site last got a permit that it still stands for; null = none */
	siteSince(version: string, site: string): number | null {
		const query = `SELECT MAX(at) AS at FROM leases INDEXED BY leases_by_site
			WHERE version = ? AND site = ? AND counts = 1 AND (outcome IS NULL OR outcome <> 'excused')`;
		return this.#sql.exec<{ at: number | null }>(query, version, site).one().at;
	}

	/** @returns units of a model or a region that have a permit of this step; reads each of the step's, so for small ones */
	unitsOf(version: string, step: number, kind: "model" | "region", name: string): number {
		const query = `SELECT COUNT(*) AS n FROM leases
			WHERE version = ? AND step = ? AND ${kind} = ? AND counts = 1 AND (outcome IS NULL OR outcome <> 'excused')`;
		return this.#sql.exec<{ n: number }>(query, version, step, name).one().n;
	}

	/** @returns units of the account that have a permit of this step */
	unitsOfAccount(version: string, step: number, account: string): number {
		const query = "SELECT units FROM step_accounts WHERE version = ? AND step = ? AND account = ?";
		return this.#sql.exec<{ units: number }>(query, version, step, account).toArray()[0]?.units ?? 0;
	}

	addUnitOfAccount(version: string, step: number, account: string): void {
		const query = `INSERT INTO step_accounts (version, step, account, units) VALUES (?, ?, ?, 1)
			ON CONFLICT (version, step, account) DO UPDATE SET units = units + 1`;
		this.#sql.exec(query, version, step, account);
	}

	/** Of a unit that does not count any more. */
	dropUnitOfAccount(version: string, step: number, account: string): void {
		const query =
			"UPDATE step_accounts SET units = units - 1 WHERE version = ? AND step = ? AND account = ? AND units > 0";
		this.#sql.exec(query, version, step, account);
	}
}

function leaseOf({ counts, partners: listed, outcome_at: outcomeAt, version: _, rules, ...row }: LeaseRow): Lease {
	const partners = listed === null ? [] : (JSON.parse(listed) as string[]);
	const named = rules !== null && { rules: JSON.parse(rules) as string[] };
	return { ...row, counts: counts === 1, partners, outcomeAt, ...named };
}
