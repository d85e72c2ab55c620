// The permits that devices of an Account's HA groups have, and what stands in the way of the next ones. Plain synchronous SQL; the
// rule is in entitlement/ha/ha-lock.ts.
import type { HaPermit, ProductPermit } from "../../../entitlement/ha/ha-lock.ts";

export const HA_LOCK_TABLES = [
	`CREATE TABLE ha_permits ( -- the last permit of a device of a group
		ha_group TEXT NOT NULL, -- of a device that has left: the device's id
		product TEXT NOT NULL,
		device TEXT NOT NULL,
		version TEXT NOT NULL,
		sequence INTEGER NOT NULL, -- of the version: the higher, the newer
		at INTEGER NOT NULL, -- when it was given
		until INTEGER NOT NULL, -- when it ends without a word
		outcome TEXT, -- healthy, failed, given_back (it is none any more); null = the device has not said
		mark TEXT, -- brought, cut (entitlement/ha/ha-lock.ts); null = neither
		last INTEGER NOT NULL, -- when the device's last permit was given, also one that it gave back
		before TEXT, -- JSON: the permit that it gets back with this one, which it had before and was not under way; null = none
		PRIMARY KEY (ha_group, product, device)
	) WITHOUT ROWID`,
	`CREATE TABLE ha_stops ( -- what stands in the way of a version, or stood there
		ha_group TEXT NOT NULL,
		product TEXT NOT NULL,
		version TEXT NOT NULL,
		sequence INTEGER NOT NULL, -- of the version
		state TEXT NOT NULL, -- waiting (for a device to be the first), blocked (by a device), unlocked (by an operator)
		device TEXT, -- of the first two
		since INTEGER NOT NULL,
		told INTEGER NOT NULL, -- 0, 1: it is an event
		PRIMARY KEY (ha_group, product, version)
	) WITHOUT ROWID`,
];

/** What stands in the way of a version; or, once an operator unlocked the group, no longer does. */
export interface HaStop {
	readonly version: string;
	/** of the version: the higher, the newer */
	readonly sequence: number;
	readonly state: "waiting" | "blocked" | "unlocked";
	/** null = unlocked */
	readonly device: string | null;
	/** unix seconds */
	readonly since: number;
	/** whether it is an event */
	readonly told: boolean;
}

type StopRow = Omit<HaStop, "told"> & { product: string; told: number };

export class HaLockTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @returns by product, then by device */
	permits(haGroup: string): ProductPermit[] {
		const query = `SELECT product, device, version, sequence, at, until, outcome, mark FROM ha_permits WHERE ha_group = ?
			AND outcome IS NOT 'given_back' ORDER BY product, device`;
		return this.#sql.exec<ProductPermit>(query, haGroup).toArray();
	}

	permitsFor(haGroup: string, product: string): HaPermit[] {
		const query = `SELECT device, version, sequence, at, until, outcome, mark FROM ha_permits WHERE ha_group = ? AND product = ?
			AND outcome IS NOT 'given_back' ORDER BY device`;
		return this.#sql.exec<HaPermit & Record<string, SqlStorageValue>>(query, haGroup, product).toArray();
	}

	/** @param now unix seconds @returns of all groups those that are under way, at most so many; reads each permit */
	underWay(now: number, limit: number): ProductPermit[] {
		const query = `SELECT product, device, version, sequence, at, until, outcome, mark FROM ha_permits
			WHERE outcome IS NULL AND until > ? LIMIT ?`;
		return this.#sql.exec<ProductPermit>(query, now, limit).toArray();
	}

	/** @param before what `giveBack` brings back; null = nothing */
	savePermit(haGroup: string, product: string, permit: HaPermit, before: HaPermit | null = null): void {
		const { device, version, sequence, at, until, outcome, mark } = permit;
		const last = Math.max(at, this.lastAt(haGroup, product, device));
		const query = `INSERT OR REPLACE INTO ha_permits
			(ha_group, product, device, version, sequence, at, until, outcome, mark, last, before)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
		const row = [version, sequence, at, until, outcome, mark, last, before === null ? null : JSON.stringify(before)];
		this.#sql.exec(query, haGroup, product, device, ...row);
	}

	/** @returns what the device gets back with the permit that it has; null = nothing */
	before(haGroup: string, product: string, device: string): HaPermit | null {
		const query = "SELECT before FROM ha_permits WHERE ha_group = ? AND product = ? AND device = ?";
		const before = this.#sql.exec<{ before: string | null }>(query, haGroup, product, device).toArray()[0]?.before;
		return before == null ? null : (JSON.parse(before) as HaPermit);
	}

	/** The device has the permit no more, and stands as it stood before it. */
	giveBack(haGroup: string, product: string, device: string): void {
		const before = this.before(haGroup, product, device);
		if (before === null) this.forgetPermit(haGroup, product, device);
		else this.savePermit(haGroup, product, before);
	}

	/** There is no permit any more, nor what was before it; its time stays, for `lastAt`. */
	forgetPermit(haGroup: string, product: string, device: string): void {
		this.#sql.exec(
			"UPDATE ha_permits SET outcome = 'given_back', before = NULL WHERE ha_group = ? AND product = ? AND device = ?",
			...[haGroup, product, device],
		);
	}

	/** @returns whether the device gave the last permit that it got back, and so has none, or again one from before */
	hasReturned(haGroup: string, product: string, device: string): boolean {
		const query = `SELECT 1 FROM ha_permits WHERE ha_group = ? AND product = ? AND device = ?
			AND (outcome = 'given_back' OR last > at)`;
		return this.#sql.exec(query, haGroup, product, device).toArray().length > 0;
	}

	/** @returns when the device's last permit was given, also one that is none any more; 0 = it had none */
	lastAt(haGroup: string, product: string, device: string): number {
		const query = "SELECT last FROM ha_permits WHERE ha_group = ? AND product = ? AND device = ?";
		return this.#sql.exec<{ last: number }>(query, haGroup, product, device).toArray()[0]?.last ?? 0;
	}

	/** @returns by product, then the newest first */
	stops(haGroup: string): (HaStop & { readonly product: string })[] {
		const query =
			"SELECT product, version, sequence, state, device, since, told FROM ha_stops WHERE ha_group = ? ORDER BY product, sequence DESC";
		return this.#sql
			.exec<StopRow>(query, haGroup)
			.toArray()
			.map((row) => ({ ...row, told: row.told === 1 }));
	}

	saveStop(haGroup: string, product: string, { version, sequence, state, device, since, told }: HaStop): void {
		const query = `INSERT OR REPLACE INTO ha_stops (ha_group, product, version, sequence, state, device, since, told)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
		this.#sql.exec(query, haGroup, product, version, sequence, state, device, since, told ? 1 : 0);
	}

	deleteStop(haGroup: string, product: string, version: string): void {
		this.#sql.exec(
			"DELETE FROM ha_stops WHERE ha_group = ? AND product = ? AND version = ?",
			...[haGroup, product, version],
		);
	}

	/** The device's silence on the permits that it has says nothing from now on. */
	cutPermits(haGroup: string, device: string, now: number): void {
		const query = `UPDATE ha_permits SET mark = 'cut'
			WHERE ha_group = ? AND device = ? AND outcome IS NULL AND mark IS NULL AND until > ?`;
		this.#sql.exec(query, haGroup, device, now);
	}

	/** Gives a group the permits that the device took along when it left its last one, unless their time is over. */
	takeAlong(device: string, haGroup: string, now: number): void {
		this.#sql.exec("DELETE FROM ha_permits WHERE ha_group = ? AND until <= ?", device, now);
		this.#sql.exec("UPDATE OR REPLACE ha_permits SET ha_group = ? WHERE ha_group = ?", haGroup, device);
	}

	/**
	 * Forgets a group; or all of it that is about devices which are not among its members any more. Those keep their permits, for the next
	 * group that they join.
	 */
	forget(haGroup: string, members: readonly string[] = []): void {
		const others = `ha_group = ? AND device NOT IN (SELECT value FROM json_each(?))`;
		this.#sql.exec(
			`UPDATE OR REPLACE ha_permits SET ha_group = device WHERE ${others}`,
			haGroup,
			JSON.stringify(members),
		);
		this.#sql.exec(`DELETE FROM ha_stops WHERE ${others}`, haGroup, JSON.stringify(members));
		if (members.length === 0) this.#sql.exec("DELETE FROM ha_stops WHERE ha_group = ?", haGroup);
	}
}
