// The one row about an Account itself. Plain synchronous SQL; no rule is decided here.

export interface AccountInfo {
	readonly id: string;
	readonly name: string;
	readonly createdAt: number;
	/** null = it is open */
	readonly closedAt: number | null;
	/** how often the licenses have changed in a way that devices notice */
	readonly licenseEpoch: number;
}

type AccountRow = { id: string; name: string; created_at: number; closed_at: number | null; license_epoch: number };

export class AccountTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	info(): AccountInfo | null {
		const query = "SELECT id, name, created_at, closed_at, license_epoch FROM account";
		const row = this.#sql.exec<AccountRow>(query).toArray()[0];
		if (row === undefined) return null;
		const { id, name, created_at: createdAt, closed_at: closedAt, license_epoch: licenseEpoch } = row;
		return { id, name, createdAt, closedAt, licenseEpoch };
	}

	insert({ id, name, createdAt }: Pick<AccountInfo, "id" | "name" | "createdAt">): void {
		this.#sql.exec("INSERT INTO account (id, name, created_at) VALUES (?, ?, ?)", id, name, createdAt);
	}

	rename(name: string): void {
		this.#sql.exec("UPDATE account SET name = ?", name);
	}

	close(now: number): void {
		this.#sql.exec("UPDATE account SET closed_at = ?", now);
	}

	/** From now on every device's record is to be written anew. */
	raiseLicenseEpoch(): void {
		this.#sql.exec("UPDATE account SET license_epoch = license_epoch + 1, renewed_to = ''");
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
