// The serial numbers that an account has claimed, as rows.
import type { Claim } from "../../../entitlement/devices/claim.ts";

export const CLAIM_TABLE = `CREATE TABLE claims (
	serial TEXT NOT NULL COLLATE NOCASE, -- as it was claimed; one appliance in whatever case
	manufacturer TEXT NOT NULL, -- id
	license TEXT NOT NULL,
	device TEXT, -- that it has activated last; null = none yet
	spent INTEGER NOT NULL DEFAULT 0, -- 0, 1 = a device of this serial number was revoked since
	created_at INTEGER NOT NULL,
	PRIMARY KEY (serial, manufacturer)
) WITHOUT ROWID`;

type ClaimRow = {
	serial: string;
	manufacturer: string;
	license: string;
	device: string | null;
	spent: number;
	created_at: number;
};

export class ClaimTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	claim(serial: string, manufacturer: string): Claim | null {
		const query = "SELECT * FROM claims WHERE serial = ? AND manufacturer = ?";
		const [row] = this.#sql.exec<ClaimRow>(query, serial, manufacturer).toArray();
		return row === undefined ? null : claimOf(row);
	}

	/** @param after serial number and manufacturer of the last one of the page before; "" = from the first @returns in their order */
	claims(after: string, limit: number): Claim[] {
		const query = "SELECT * FROM claims WHERE (serial, manufacturer) > (?, ?) ORDER BY serial, manufacturer LIMIT ?";
		const [serial = "", manufacturer = ""] = after.split(" ");
		return this.#sql.exec<ClaimRow>(query, serial, manufacturer, limit).toArray().map(claimOf);
	}

	count(): number {
		return this.#sql.exec<{ count: number }>("SELECT COUNT(*) AS count FROM claims").one().count;
	}

	/** @returns how many of a license no appliance has come by yet */
	open(license: string): number {
		const query = "SELECT COUNT(*) AS count FROM claims WHERE license = ? AND device IS NULL";
		return this.#sql.exec<{ count: number }>(query, license).one().count;
	}

	/** Takes the place of the one that there was. */
	save({ serial, manufacturer, license, device, isSpent, createdAt }: Claim): void {
		const query = `INSERT OR REPLACE INTO claims (serial, manufacturer, license, device, spent, created_at)
			VALUES (?, ?, ?, ?, ?, ?)`;
		this.#sql.exec(query, serial, manufacturer, license, device, isSpent ? 1 : 0, createdAt);
	}

	remove(serial: string, manufacturer: string): void {
		this.#sql.exec("DELETE FROM claims WHERE serial = ? AND manufacturer = ?", serial, manufacturer);
	}

	/** To be called when a device with the serial number is revoked. */
	spend(serial: string): void {
		this.#sql.exec("UPDATE claims SET spent = 1 WHERE serial = ?", serial);
	}
}

function claimOf({ serial, manufacturer, license, device, spent, created_at: createdAt }: ClaimRow): Claim {
	return { serial, manufacturer, license, device, isSpent: spent === 1, createdAt };
}
