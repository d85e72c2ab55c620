// The one row about an Account itself. Plain synchronous SQL; no rule is decided here.

export interface AccountInfo {
	readonly id: string;
	readonly createdAt: number;
	/** null = it is open */
	readonly closedAt: number | null;
	/** how often the licenses have changed in a way that devices notice */
	readonly licenseEpoch: number;
}

type AccountRow = { id: string; created_at: number; closed_at: number | null; license_epoch: number };

export class AccountTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	info(): AccountInfo | null {
		const query = "SELECT id, created_at, closed_at, license_epoch FROM account";
		const row = this.#sql.exec<AccountRow>(query).toArray()[0];
		if (row === undefined) return null;
		const { id, created_at: createdAt, closed_at: closedAt, license_epoch: licenseEpoch } = row;
		return { id, createdAt, closedAt, licenseEpoch };
	}

	insert({ id, createdAt }: Pick<AccountInfo, "id" | "createdAt">): void {
		this.#sql.exec("INSERT INTO account (id, created_at) VALUES (?, ?)", id, createdAt);
	}

	/** @returns whether that version of the account's name is later than those before */
	reachNameVersion(version: number): boolean {
		const query = "UPDATE account SET name_version = ?1 WHERE name_version < ?1 RETURNING id";
		return this.#sql.exec(query, version).toArray().length > 0;
	}

	close(now: number): void {
		this.#sql.exec("UPDATE account SET closed_at = ?", now);
	}

	/** From now on every device's record is to be written anew. @param floor the epoch is that at least */
	raiseLicenseEpoch(floor = 0): void {
		this.#sql.exec("UPDATE account SET license_epoch = MAX(license_epoch + 1, ?), renewed_to = ''", floor);
	}

	/**
	 * After a new license epoch all devices' records have to be written anew, page by page.
	 * @returns id of the last device that has its new record, "" = none has yet; null = nothing is to be done
	 */
	renewedTo(): string | null {
		return this.#sql.exec<{ at: string | null }>("SELECT renewed_to AS at FROM account").toArray()[0]?.at ?? null;
	}

	/** @param deviceId null = all are done */
	setRenewedTo(deviceId: string | null): void {
		this.#sql.exec("UPDATE account SET renewed_to = ?", deviceId);
	}
}
