// What the devices of an Account's HA groups have reported, and what is known of each group by that. Plain synchronous SQL;
// no rule is decided here.
import type { HaRole } from "../../../entitlement/ha/ha-group.ts";
import type { HaGroupRecord } from "../../../entitlement/ha/ha-group-record.ts";
import type { Versions } from "../../../entitlement/ha/ha-skew.ts";

/** The last that a device has reported as a member of its group. */
export interface MemberReport {
	readonly device: string;
	readonly haGroup: string;
	/** see entitlement/ha/ha-role.ts */
	readonly said: HaRole | null;
	readonly role: HaRole | null;
	readonly priority: number | null;
	readonly installed: Versions | null;
	readonly peer: Versions | null;
	/** unix seconds when it first said this */
	readonly at: number;
	/** see entitlement/allowance.ts */
	readonly spentTo: number;
}

export interface GroupState {
	/** of the record: rises with each change */
	readonly version: number;
	readonly record: HaGroupRecord;
	readonly lastActive: string | null;
	/** see entitlement/allowance.ts */
	readonly eventsSpentTo: number;
	/** failovers since the last one that is in the trail */
	readonly untold: number;
}

/** Something that lasts and is an event: once when it is due, and once when it is over. */
export interface Condition {
	readonly kind: "skew" | "split_brain";
	/** of a skew, else "" */
	readonly product: string;
	/** unix seconds */
	readonly since: number;
	/** unix seconds at which it becomes an event; null = it is one */
	readonly dueAt: number | null;
}

type ReportRow = {
	device: string;
	ha_group: string;
	said: HaRole | null;
	role: HaRole | null;
	priority: number | null;
	installed: string | null;
	peer: string | null;
	at: number;
	spent_to: number;
};
type StateRow = {
	ha_group: string;
	version: number;
	record: string;
	last_active: string | null;
	events_spent_to: number;
	untold: number;
};
type ConditionRow = { kind: Condition["kind"]; product: string; since: number; due_at: number | null };

export class HaReportTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	reports(haGroup: string): MemberReport[] {
		const query = "SELECT * FROM ha_reports WHERE ha_group = ?";
		return this.#sql.exec<ReportRow>(query, haGroup).toArray().map(reportOf);
	}

	saveReport({ device, haGroup, said, role, priority, installed, peer, at, spentTo }: MemberReport): void {
		const query = `INSERT OR REPLACE INTO ha_reports (device, ha_group, said, role, priority, installed, peer, at, spent_to)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
		const texts = [installed, peer].map((versions) => (versions === null ? null : JSON.stringify(versions)));
		this.#sql.exec(query, device, haGroup, said, role, priority, ...texts, at, spentTo);
	}

	deleteReport(device: string): void {
		this.#sql.exec("DELETE FROM ha_reports WHERE device = ?", device);
	}

	state(haGroup: string): GroupState | null {
		const query = "SELECT * FROM ha_states WHERE ha_group = ?";
		return this.#sql.exec<StateRow>(query, haGroup).toArray().map(stateOf)[0] ?? null;
	}

	/** @returns states of the groups in the order of their ids, from the first one after the given id */
	states(after: string, limit: number): GroupState[] {
		const query = "SELECT * FROM ha_states WHERE ha_group > ? ORDER BY ha_group LIMIT ?";
		return this.#sql.exec<StateRow>(query, after, limit).toArray().map(stateOf);
	}

	/** @returns the highest version of a record, 0 where there is none */
	lastVersion(): number {
		return Number(this.#sql.exec("SELECT MAX(version) AS last FROM ha_states").one()["last"] ?? 0);
	}

	raiseVersions(by: number): void {
		this.#sql.exec("UPDATE ha_states SET version = version + ?", by);
	}

	saveState({ version, record, lastActive, eventsSpentTo, untold }: GroupState): void {
		const query = `INSERT OR REPLACE INTO ha_states (ha_group, version, record, last_active, events_spent_to, untold)
			VALUES (?, ?, ?, ?, ?, ?)`;
		this.#sql.exec(query, record.id, version, JSON.stringify(record), lastActive, eventsSpentTo, untold);
	}

	conditions(haGroup: string): Condition[] {
		const query = "SELECT kind, product, since, due_at FROM ha_conditions WHERE ha_group = ? ORDER BY kind, product";
		return this.#sql
			.exec<ConditionRow>(query, haGroup)
			.toArray()
			.map(({ due_at: dueAt, ...row }) => ({ ...row, dueAt }));
	}

	saveCondition(haGroup: string, { kind, product, since, dueAt }: Condition): void {
		const query =
			"INSERT OR REPLACE INTO ha_conditions (ha_group, kind, product, since, due_at) VALUES (?, ?, ?, ?, ?)";
		this.#sql.exec(query, haGroup, kind, product, since, dueAt);
	}

	deleteCondition(haGroup: string, { kind, product }: Pick<Condition, "kind" | "product">): void {
		const query = "DELETE FROM ha_conditions WHERE ha_group = ? AND kind = ? AND product = ?";
		this.#sql.exec(query, haGroup, kind, product);
	}

	/** @returns unix seconds at which the next condition becomes an event; null = none will */
	firstDue(): number | null {
		const query = "SELECT MIN(due_at) AS due FROM ha_conditions WHERE due_at IS NOT NULL";
		return this.#sql.exec<{ due: number | null }>(query).one().due;
	}

	/** @returns groups that have a condition which is due at a time, unix seconds */
	groupsDue(now: number, limit: number): string[] {
		const query = "SELECT DISTINCT ha_group FROM ha_conditions WHERE due_at <= ? LIMIT ?";
		return this.#sql
			.exec<{ ha_group: string }>(query, now, limit)
			.toArray()
			.map((row) => row.ha_group);
	}

	/** Forgets everything about a group. */
	deleteGroup(haGroup: string): void {
		for (const table of ["ha_reports", "ha_states", "ha_conditions"]) {
			this.#sql.exec(`DELETE FROM ${table} WHERE ha_group = ?`, haGroup);
		}
	}
}

function reportOf({ ha_group: haGroup, spent_to: spentTo, installed, peer, ...row }: ReportRow): MemberReport {
	return { ...row, haGroup, spentTo, installed: versionsIn(installed), peer: versionsIn(peer) };
}

function versionsIn(text: string | null): Versions | null {
	return text === null ? null : (JSON.parse(text) as Versions);
}

function stateOf(row: StateRow): GroupState {
	return {
		version: row.version,
		record: JSON.parse(row.record) as HaGroupRecord,
		lastActive: row.last_active,
		eventsSpentTo: row.events_spent_to,
		untold: row.untold,
	};
}
