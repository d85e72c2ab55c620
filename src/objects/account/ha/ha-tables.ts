// An Account's HA groups as rows. Which devices belong to one, their own rows say (device-tables.ts). Plain synchronous SQL;
// no rule is decided here.
import type { HaMode } from "../../../entitlement/ha/ha-group.ts";
import type { SeatsUpTo } from "../seats/seat-tables.ts";

export interface HaGroup {
	readonly id: string;
	readonly name: string;
	readonly mode: HaMode;
	/** of all its devices */
	readonly license: string;
	/** seconds for which its devices may run different versions before that is an event */
	readonly skewLimitSeconds: number;
	/** its devices bring each other up to date, so a permit of one is for all of them */
	readonly sync: boolean;
	/** unix seconds */
	readonly createdAt: number;
}

type HaGroupRow = {
	id: string;
	name: string;
	mode: HaMode;
	license: string;
	skew_limit: number;
	sync: number;
	created_at: number;
};

export class HaTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @returns groups in the order of their ids, from the first one after the given id */
	groups(after: string, limit: number): HaGroup[] {
		const query = "SELECT * FROM ha_groups WHERE id > ? ORDER BY id LIMIT ?";
		return this.#sql.exec<HaGroupRow>(query, after, limit).toArray().map(groupOf);
	}

	group(id: string): HaGroup | null {
		const row = this.#sql.exec<HaGroupRow>("SELECT * FROM ha_groups WHERE id = ?", id).toArray()[0];
		return row === undefined ? null : groupOf(row);
	}

	/** Writes the group as it is given, new or changed. */
	saveGroup({ id, name, mode, license, skewLimitSeconds, sync, createdAt }: HaGroup): void {
		const query = `INSERT OR REPLACE INTO ha_groups (id, name, mode, license, skew_limit, sync, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`;
		this.#sql.exec(query, id, name, mode, license, skewLimitSeconds, sync ? 1 : 0, createdAt);
	}

	deleteGroup(id: string): void {
		this.#sql.exec("DELETE FROM ha_groups WHERE id = ?", id);
	}

	/** @returns how many groups hold a seat of a license whose lease is not over */
	seatsOfGroups(license: string, now: number): number {
		const query = `SELECT COUNT(*) AS n FROM ha_groups JOIN seats ON holder = id
			WHERE ha_groups.license = ? AND seats.license = ? AND (until IS NULL OR until > ?)`;
		return this.#sql.exec<{ n: number }>(query, license, license, now).one().n;
	}

	/** Moves every group that has a seat of one license to another, with the codes for it. @param upTo see SeatsUpTo */
	moveGroups({ from, to, last }: SeatsUpTo): void {
		const holders = "(SELECT holder FROM seats WHERE license = ? AND holder <= ?)";
		this.#sql.exec(`UPDATE ha_groups SET license = ? WHERE id IN ${holders}`, to, from, last);
		this.#sql.exec(`UPDATE codes SET license = ? WHERE ha_group IN ${holders}`, to, from, last);
	}
}

function groupOf(row: HaGroupRow): HaGroup {
	const { skew_limit: skewLimitSeconds, sync, created_at: createdAt, ...group } = row;
	return { ...group, skewLimitSeconds, sync: sync === 1, createdAt };
}
