// The tables of an Account and the way from a row to what the rest of the system calls a license, a code, a device. Plain
// synchronous SQL; no rule is decided here.
import type { DevicePublicKey, DeviceRecord, DeviceStatus } from "../entitlement/device-record.ts";
import { grantsOf, type License, SEAT_HOLDING_STATUSES } from "../entitlement/license.ts";
import { createAuditTable } from "./audit.ts";
import { Outbox } from "./outbox.ts";
import { runSchema } from "./schema.ts";

const SCHEMA = [
	"CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL)",
	`CREATE TABLE IF NOT EXISTS licenses (
		id TEXT PRIMARY KEY, products TEXT NOT NULL, seats INTEGER NOT NULL, starts_at INTEGER NOT NULL,
		ends_at INTEGER NOT NULL, grace_seconds INTEGER NOT NULL, delay_seconds INTEGER NOT NULL, created_at INTEGER NOT NULL
	)`,
	`CREATE TABLE IF NOT EXISTS codes (
		hash TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, license TEXT NOT NULL REFERENCES licenses (id),
		uses INTEGER NOT NULL, expires_at INTEGER NOT NULL, created_at INTEGER NOT NULL
	)`,
	// Which code brought which device: a code's uses are counted here, never in a counter that could drift.
	`CREATE TABLE IF NOT EXISTS activations (
		code TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (code, device)
	)`,
	`CREATE TABLE IF NOT EXISTS devices (
		id TEXT PRIMARY KEY, version INTEGER NOT NULL, status TEXT NOT NULL, license TEXT NOT NULL REFERENCES licenses (id),
		serial TEXT NOT NULL, model TEXT NOT NULL, labels TEXT NOT NULL, jkt TEXT NOT NULL UNIQUE, jwk TEXT NOT NULL,
		dpop_bound INTEGER NOT NULL, activated_at INTEGER NOT NULL
	)`,
	"CREATE INDEX IF NOT EXISTS devices_by_serial ON devices (serial)",
	"CREATE INDEX IF NOT EXISTS devices_by_seat ON devices (license, status)",
] as const;

export function createAccountTables(sql: SqlStorage): void {
	runSchema(sql, SCHEMA);
	createAuditTable(sql);
	Outbox.createTable(sql);
}

export interface AccountInfo {
	readonly id: string;
	readonly name: string;
	readonly createdAt: number;
}

export interface Code {
	readonly id: string;
	readonly license: string;
	readonly uses: number;
	/** devices that it has activated */
	readonly used: number;
	readonly expiresAt: number;
	readonly createdAt: number;
}

/** A device as its account knows it: what the edges know, and the version of that. */
export interface Device extends DeviceRecord {
	readonly version: number;
}

type LicenseRow = {
	id: string;
	products: string;
	seats: number;
	starts_at: number;
	ends_at: number;
	grace_seconds: number;
	delay_seconds: number;
	created_at: number;
};
type CodeRow = {
	hash: string;
	id: string;
	license: string;
	uses: number;
	used: number;
	expires_at: number;
	created_at: number;
};
type DeviceRow = {
	id: string;
	version: number;
	status: DeviceStatus;
	license: string;
	serial: string;
	model: string;
	labels: string;
	jkt: string;
	jwk: string;
	dpop_bound: number;
	activated_at: number;
};

const HOLDS_SEAT = `status IN (${SEAT_HOLDING_STATUSES.map((status) => `'${status}'`).join(", ")})`;
const SELECT_CODE = "SELECT codes.*, (SELECT COUNT(*) FROM activations WHERE code = codes.hash) AS used FROM codes";

export class AccountTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	info(): AccountInfo | null {
		const row = this.#sql.exec<{ id: string; name: string; created_at: number }>("SELECT * FROM account").toArray()[0];
		return row === undefined ? null : { id: row.id, name: row.name, createdAt: row.created_at };
	}

	insertAccount({ id, name, createdAt }: AccountInfo): void {
		this.#sql.exec("INSERT INTO account (id, name, created_at) VALUES (?, ?, ?)", id, name, createdAt);
	}

	licenses(): License[] {
		return this.#sql.exec<LicenseRow>("SELECT * FROM licenses ORDER BY created_at, id").toArray().map(licenseOf);
	}

	license(id: string): License | null {
		const row = this.#sql.exec<LicenseRow>("SELECT * FROM licenses WHERE id = ?", id).toArray()[0];
		return row === undefined ? null : licenseOf(row);
	}

	insertLicense(license: License): void {
		this.#sql.exec(
			"INSERT INTO licenses VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			license.id,
			JSON.stringify(license.products),
			license.seats,
			license.startsAt,
			license.endsAt,
			license.graceSeconds,
			license.delaySeconds,
			license.createdAt,
		);
	}

	seatsTaken(license: string): number {
		const query = `SELECT COUNT(*) AS taken FROM devices WHERE license = ? AND ${HOLDS_SEAT}`;
		return Number(this.#sql.exec(query, license).one().taken);
	}

	codes(): Code[] {
		return this.#sql.exec<CodeRow>(`${SELECT_CODE} ORDER BY created_at, id`).toArray().map(codeOf);
	}

	codeByHash(hash: string): Code | null {
		const row = this.#sql.exec<CodeRow>(`${SELECT_CODE} WHERE hash = ?`, hash).toArray()[0];
		return row === undefined ? null : codeOf(row);
	}

	hasCode(id: string, hash: string): boolean {
		return this.#sql.exec("SELECT 1 FROM codes WHERE id = ? OR hash = ?", id, hash).toArray().length > 0;
	}

	insertCode(hash: string, code: Omit<Code, "used">): void {
		const { id, license, uses, expiresAt, createdAt } = code;
		this.#sql.exec("INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?)", hash, id, license, uses, expiresAt, createdAt);
	}

	hasActivated(codeHash: string, deviceId: string): boolean {
		const query = "SELECT 1 FROM activations WHERE code = ? AND device = ?";
		return this.#sql.exec(query, codeHash, deviceId).toArray().length > 0;
	}

	insertActivation(codeHash: string, deviceId: string, at: number): void {
		this.#sql.exec("INSERT INTO activations VALUES (?, ?, ?) ON CONFLICT DO NOTHING", codeHash, deviceId, at);
	}

	/** @returns devices in the order of their ids, from the first one after the given id */
	devices(after: string, limit: number): Device[] {
		const grants = new Map(this.licenses().map((license) => [license.id, grantsOf(license)]));
		const account = this.info()?.id ?? "";
		return this.#sql
			.exec<DeviceRow>("SELECT * FROM devices WHERE id > ? ORDER BY id LIMIT ?", after, limit)
			.toArray()
			.map((row) => deviceOf(row, account, grants.get(row.license) ?? {}));
	}

	device(id: string): Device | null {
		return this.#device("SELECT * FROM devices WHERE id = ?", id);
	}

	deviceByKey(jkt: string): Device | null {
		return this.#device("SELECT * FROM devices WHERE jkt = ?", jkt);
	}

	/** @returns whether a device with another key holds a seat under this serial */
	isSerialHeldByOther(serial: string, jkt: string): boolean {
		const query = `SELECT 1 FROM devices WHERE serial = ? AND jkt <> ? AND ${HOLDS_SEAT} LIMIT 1`;
		return this.#sql.exec(query, serial, jkt).toArray().length > 0;
	}

	/** Writes the device as its next version: what is given is changed, and the version rises by one. */
	saveDevice(device: Omit<Device, "version" | "account" | "haGroup" | "grants">): void {
		this.#sql.exec(
			`INSERT INTO devices (id, version, status, license, serial, model, labels, jkt, jwk, dpop_bound, activated_at)
			VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET version = version + 1, status = excluded.status, license = excluded.license,
				model = excluded.model, labels = excluded.labels, dpop_bound = excluded.dpop_bound,
				activated_at = excluded.activated_at`,
			device.id,
			device.status,
			device.license,
			device.serial,
			device.model,
			JSON.stringify(device.labels),
			device.jkt,
			JSON.stringify(device.jwk),
			device.dpopBound ? 1 : 0,
			device.activatedAt,
		);
	}

	#device(query: string, value: string): Device | null {
		const row = this.#sql.exec<DeviceRow>(query, value).toArray()[0];
		if (row === undefined) return null;
		const license = this.license(row.license);
		return deviceOf(row, this.info()?.id ?? "", license === null ? {} : grantsOf(license));
	}
}

function licenseOf(row: LicenseRow): License {
	return {
		id: row.id,
		products: JSON.parse(row.products) as string[],
		seats: row.seats,
		startsAt: row.starts_at,
		endsAt: row.ends_at,
		graceSeconds: row.grace_seconds,
		delaySeconds: row.delay_seconds,
		createdAt: row.created_at,
	};
}

function codeOf(row: CodeRow): Code {
	const { id, license, uses, used, expires_at: expiresAt, created_at: createdAt } = row;
	return { id, license, uses, used, expiresAt, createdAt };
}

function deviceOf(row: DeviceRow, account: string, grants: DeviceRecord["grants"]): Device {
	return {
		id: row.id,
		account,
		status: row.status,
		model: row.model,
		labels: JSON.parse(row.labels) as Record<string, string>,
		haGroup: null,
		grants,
		serial: row.serial,
		license: row.license,
		jwk: JSON.parse(row.jwk) as DevicePublicKey,
		jkt: row.jkt,
		dpopBound: row.dpop_bound === 1,
		activatedAt: row.activated_at,
		version: row.version,
	};
}
