// An Account's licenses and auth codes as rows, and the way from a row to what the rest of the system calls by those names.
import type { License, LicenseKind, LicenseStatus, OveragePolicy } from "../../../entitlement/licenses/license.ts";

export interface Code {
	readonly id: string;
	readonly license: string;
	readonly uses: number;
	/** devices that it has activated */
	readonly used: number;
	readonly expiresAt: number;
	readonly createdAt: number;
	/** the one serial number that may use it; null = any */
	readonly serial: string | null;
	/** the one model that may use it; null = any */
	readonly model: string | null;
	/** the HA group that its devices join, whose license it is for; null = they join none */
	readonly haGroup: string | null;
	/** the one instance whose devices may use it; null = any */
	readonly instance: string | null;
	/** the device that the code's device replaces, under the license that it has by then; null = none */
	readonly replaces: string | null;
	readonly revoked: boolean;
}

type LicenseRow = {
	id: string;
	products: string;
	seats: number;
	starts_at: number;
	ends_at: number;
	grace_seconds: number;
	critical_seconds: number;
	delay_seconds: number;
	emergency_delay_seconds: number;
	overage: OveragePolicy;
	kind: LicenseKind;
	lease_seconds: number;
	status: LicenseStatus;
	created_at: number;
};
type CodeRow = {
	id: string;
	license: string;
	uses: number;
	used: number;
	expires_at: number;
	created_at: number;
	serial: string | null;
	model: string | null;
	ha_group: string | null;
	instance: string | null;
	replaces: string | null;
	revoked: number;
};

export class LicenseTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	licenses(): License[] {
		return this.#sql.exec<LicenseRow>("SELECT * FROM licenses ORDER BY created_at, id").toArray().map(licenseOf);
	}

	license(id: string): License | null {
		const row = this.#sql.exec<LicenseRow>("SELECT * FROM licenses WHERE id = ?", id).toArray()[0];
		return row === undefined ? null : licenseOf(row);
	}

	/** Writes the license as it is given, new or changed; never as a new row, for which SQLite would look at each device that refers to the old one. */
	saveLicense(license: License): void {
		this.#sql.exec(
			`INSERT INTO licenses (id, products, seats, starts_at, ends_at, grace_seconds, critical_seconds,
				delay_seconds, emergency_delay_seconds, overage, kind, lease_seconds, status, created_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET products = excluded.products, seats = excluded.seats,
				starts_at = excluded.starts_at, ends_at = excluded.ends_at, grace_seconds = excluded.grace_seconds,
				critical_seconds = excluded.critical_seconds, delay_seconds = excluded.delay_seconds,
				emergency_delay_seconds = excluded.emergency_delay_seconds,
				overage = excluded.overage, kind = excluded.kind, lease_seconds = excluded.lease_seconds,
				status = excluded.status, created_at = excluded.created_at`,
			license.id,
			JSON.stringify(license.products),
			license.seats,
			license.startsAt,
			license.endsAt,
			license.graceSeconds,
			license.criticalSeconds,
			license.delaySeconds,
			license.emergencyDelaySeconds,
			license.overage,
			license.kind,
			license.leaseSeconds,
			license.status,
			license.createdAt,
		);
	}

	/** @returns codes in the order in which they were made, from the one after the given id; an id that is none: from the first */
	codes(after: string, limit: number): Code[] {
		const query = `SELECT * FROM codes WHERE rowid > COALESCE((SELECT rowid FROM codes WHERE id = ?), 0)
			ORDER BY rowid LIMIT ?`;
		return this.#sql.exec<CodeRow>(query, after, limit).toArray().map(codeOf);
	}

	code(by: "hash" | "id", value: string): Code | null {
		const row = this.#sql.exec<CodeRow>(`SELECT * FROM codes WHERE ${by} = ?`, value).toArray()[0];
		return row === undefined ? null : codeOf(row);
	}

	insertCode(hash: string, code: Omit<Code, "used" | "revoked">): void {
		const { id, license, uses, expiresAt, createdAt, serial, model, haGroup, instance, replaces } = code;
		this.#sql.exec(
			`INSERT INTO codes (hash, id, license, uses, expires_at, created_at, serial, model, ha_group, instance,
				replaces)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			hash,
			id,
			license,
			uses,
			expiresAt,
			createdAt,
			serial,
			model,
			haGroup,
			instance,
			replaces,
		);
	}

	/** @returns the codes of an HA group that are not revoked */
	codesOfGroup(haGroup: string): Code[] {
		const query = "SELECT * FROM codes WHERE ha_group = ? AND NOT revoked ORDER BY created_at, id";
		return this.#sql.exec<CodeRow>(query, haGroup).toArray().map(codeOf);
	}

	prolongCode(id: string, expiresAt: number): void {
		this.#sql.exec("UPDATE codes SET expires_at = ? WHERE id = ?", expiresAt, id);
	}

	/** @returns the codes for a device's replacement that still wait for it */
	replacementCodes(deviceId: string): Code[] {
		const query = "SELECT * FROM codes WHERE replaces = ? AND used = 0 AND NOT revoked ORDER BY created_at, id";
		return this.#sql.exec<CodeRow>(query, deviceId).toArray().map(codeOf);
	}

	revokeCode(id: string): void {
		this.#sql.exec("UPDATE codes SET revoked = 1 WHERE id = ?", id);
	}

	/** @returns codes bound to the instance that still open something: a used one lets its device come back */
	openCodesFor(instance: string, now: number): Code[] {
		const query = "SELECT * FROM codes WHERE instance = ? AND revoked = 0 AND expires_at > ? ORDER BY created_at, id";
		return this.#sql.exec<CodeRow>(query, instance, now).toArray().map(codeOf);
	}

	hasActivated(codeHash: string, deviceId: string): boolean {
		const query = "SELECT 1 FROM activations WHERE code = ? AND device = ?";
		return this.#sql.exec(query, codeHash, deviceId).toArray().length > 0;
	}

	/** @returns when the device first used its latest code that is bound to the instance, unix seconds; 0 = it used none */
	activatedOn(instance: string, deviceId: string): number {
		const query = `SELECT MAX(at) AS at FROM codes JOIN activations ON activations.code = codes.hash
			WHERE codes.instance = ? AND activations.device = ?`;
		return this.#sql.exec<{ at: number | null }>(query, instance, deviceId).one().at ?? 0;
	}

	insertActivation(codeHash: string, deviceId: string, at: number): void {
		const query = "INSERT INTO activations (code, device, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1";
		const isNew = this.#sql.exec(query, codeHash, deviceId, at).toArray().length > 0;
		if (isNew) this.#sql.exec("UPDATE codes SET used = used + 1 WHERE hash = ?", codeHash);
	}
}

function licenseOf(row: LicenseRow): License {
	return {
		id: row.id,
		products: JSON.parse(row.products) as License["products"],
		seats: row.seats,
		startsAt: row.starts_at,
		endsAt: row.ends_at,
		graceSeconds: row.grace_seconds,
		criticalSeconds: row.critical_seconds,
		delaySeconds: row.delay_seconds,
		emergencyDelaySeconds: row.emergency_delay_seconds,
		overage: row.overage,
		kind: row.kind,
		leaseSeconds: row.lease_seconds,
		status: row.status,
		createdAt: row.created_at,
	};
}

function codeOf({ expires_at: expiresAt, created_at: createdAt, ha_group: haGroup, revoked, ...row }: CodeRow): Code {
	const { id, license, uses, used, serial, model, instance, replaces } = row;
	const bindings = { serial, model, haGroup, instance, replaces };
	return { id, license, uses, used, expiresAt, createdAt, ...bindings, revoked: revoked === 1 };
}
