// An Account's devices as rows, and the way from a row to a device with what its license grants.

import type { CertificateRule } from "../../../entitlement/devices/certificate-rule.ts";
import type { DevicePublicKey, DeviceRecord, DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import { grantsOf, holdOf, type License, SEAT_HOLDING_STATUSES } from "../../../entitlement/licenses/license.ts";
import { type PolicyRule, resolvePolicy, withMinAge } from "../../../entitlement/policy/account-policy.ts";
import type { AccountInfo } from "../account-tables.ts";
import { INSTANCE_OF_DEVICE } from "../schema.ts";
import type { SeatsUpTo } from "../seats/seat-tables.ts";

/** A device as its account knows it: what the edges know, and the version of that. */
export interface Device extends DeviceRecord {
	readonly version: number;
	/** the device whose place it took last; null = nobody's */
	readonly replaces: string | null;
	/** the device that took its place; null = none */
	readonly replacedBy: string | null;
}

/** @returns whose seat a device has: the one of its HA group, or its own */
export function seatHolder({ id, haGroup }: Pick<DeviceRecord, "id" | "haGroup">): string {
	return haGroup ?? id;
}

/** What a device's row holds; everything else follows from its license and its account. */
export type DeviceFacts = Omit<Device, "version" | "account" | "grants" | "hold" | "licenseEpoch" | "lease" | "policy">;

/** Where a device's row is completed from. */
export interface DeviceContext {
	info(): AccountInfo | null;
	license(id: string): License | null;
	/** what the account says of its devices' updates */
	rules(): readonly PolicyRule[];
	/** called before a device's row is written */
	changing(device: string): void;
}

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
	ha_group: string | null;
	replaces: string | null;
	replaced_by: string | null;
	certificates: string | null;
};

/** Bound variables of one query; more replacements than that no place has seen. */
const MAX_LINEAGE = 64;
const HOLDS_SEAT = `status IN (${SEAT_HOLDING_STATUSES.map((status) => `'${status}'`).join(", ")})`;

export class DeviceTables {
	readonly #sql: SqlStorage;
	readonly #context: DeviceContext;

	constructor(sql: SqlStorage, context: DeviceContext) {
		this.#sql = sql;
		this.#context = context;
	}

	/** @returns devices in the order of their ids, from the first one after the given id */
	devices(after: string, limit: number): Device[] {
		const query = "SELECT * FROM devices WHERE id > ? ORDER BY id LIMIT ?";
		return this.#complete(this.#sql.exec<DeviceRow>(query, after, limit).toArray());
	}

	/** @returns how many devices a license has, counted in the index on (license, status) */
	countByStatus(license: string): Record<DeviceStatus, number> {
		const query = "SELECT status, COUNT(*) AS n FROM devices WHERE license = ? GROUP BY status";
		const rows = this.#sql.exec<{ status: DeviceStatus; n: number }>(query, license).toArray();
		const counts = Object.fromEntries(rows.map(({ status, n }) => [status, n]));
		return { active: 0, suspended: 0, revoked: 0, deactivated: 0, ...counts };
	}

	device(id: string): Device | null {
		return this.#one("SELECT * FROM devices WHERE id = ?", id);
	}

	/** @throws Error when there is no such device: it cannot vanish inside a transaction */
	deviceOrThrow(id: string | undefined): Device {
		const device = id === undefined ? null : this.device(id);
		if (device === null) throw new Error("a device vanished inside a transaction");
		return device;
	}

	deviceByKey(jkt: string): Device | null {
		return this.#one("SELECT * FROM devices WHERE jkt = ?", jkt);
	}

	/** @returns devices that may have a seat and run on the instance, by their label or their serial number */
	devicesOnInstance(instance: string): Device[] {
		const query = `SELECT * FROM devices WHERE ${INSTANCE_OF_DEVICE} = ? AND ${HOLDS_SEAT}
			UNION SELECT * FROM devices WHERE serial = ? AND ${HOLDS_SEAT} ORDER BY id`;
		return this.#complete(this.#sql.exec<DeviceRow>(query, instance, instance).toArray());
	}

	/**
	 * @param except id of a device that does not count; null = all do
	 * @returns whether a device with another key is there under this serial; one that lost its lease may come back
	 */
	isSerialHeldByOther(serial: string, jkt: string, except: string | null): boolean {
		const query = `SELECT 1 FROM devices WHERE serial = ? AND jkt <> ? AND id IS NOT ? AND ${HOLDS_SEAT} LIMIT 1`;
		return this.#sql.exec(query, serial, jkt, except).toArray().length > 0;
	}

	/** @returns the device, other than this one, that is there under a serial; null = none */
	seatedBySerial(serial: string, except: string): Device | null {
		return this.#one(`SELECT * FROM devices WHERE serial = ? AND id <> ? AND ${HOLDS_SEAT}`, serial, except);
	}

	/** @returns ids of a device, of those whose place it took, and so on; empty = there is no such device */
	lineage(id: string): string[] {
		const query = `WITH RECURSIVE line (id) AS (
				SELECT id FROM devices WHERE id = ?
				UNION SELECT devices.id FROM devices JOIN line ON devices.replaced_by = line.id
			) SELECT id FROM line LIMIT ?`;
		return this.#sql
			.exec<{ id: string }>(query, id, MAX_LINEAGE)
			.toArray()
			.map((row) => row.id);
	}

	/** Writes the device as its next version: what is given is changed, and the version rises by one. */
	saveDevice(device: DeviceFacts): void {
		this.#context.changing(device.id);
		this.#sql.exec(
			`INSERT INTO devices (id, version, status, license, serial, model, labels, jkt, jwk, dpop_bound, activated_at, ha_group,
				replaces, replaced_by, certificates)
			VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET version = version + 1, status = excluded.status, license = excluded.license,
				model = excluded.model, labels = excluded.labels, dpop_bound = excluded.dpop_bound,
				activated_at = excluded.activated_at, ha_group = excluded.ha_group, replaces = excluded.replaces,
				replaced_by = excluded.replaced_by, certificates = excluded.certificates`,
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
			device.haGroup,
			device.replaces,
			device.replacedBy,
			device.certificates === undefined ? null : JSON.stringify(device.certificates),
		);
	}

	/** @returns all devices of an HA group, in whatever status, in the order of their ids */
	members(haGroup: string): Device[] {
		return this.#complete(
			this.#sql.exec<DeviceRow>("SELECT * FROM devices WHERE ha_group = ? ORDER BY id", haGroup).toArray(),
		);
	}

	/** @returns whether an HA group has a device, other than these, in a status in which it may have a seat */
	hasSeatedMember(haGroup: string, except: readonly string[]): boolean {
		const places = except.map(() => "?").join(", ");
		const query = `SELECT 1 FROM devices WHERE ha_group = ? AND id NOT IN (${places}) AND ${HOLDS_SEAT} LIMIT 1`;
		return this.#sql.exec(query, haGroup, ...except).toArray().length > 0;
	}

	/** Moves every device that has a seat of one license, or a part in one, to another, as its next version. @param upTo see SeatsUpTo */
	moveDevices({ from, to, last }: SeatsUpTo): void {
		for (const holder of ["id", "ha_group"]) {
			const query = `UPDATE devices SET license = ?, version = version + 1
				WHERE ${holder} IN (SELECT holder FROM seats WHERE license = ? AND holder <= ?)`;
			this.#sql.exec(query, to, from, last);
		}
	}

	/** @returns how far the device's allowance for returning is spent (entitlement/allowance.ts) */
	returnsSpentTo(device: string): number {
		const query = "SELECT spent_to FROM device_returns WHERE device = ?";
		return this.#sql.exec<{ spent_to: number }>(query, device).toArray()[0]?.spent_to ?? 0;
	}

	/** @param now unix seconds: what was earned back by then need not be remembered */
	saveReturns(device: string, spentTo: number, now: number): void {
		this.#sql.exec("DELETE FROM device_returns WHERE spent_to <= ?", now);
		this.#sql.exec("INSERT OR REPLACE INTO device_returns (device, spent_to) VALUES (?, ?)", device, spentTo);
	}

	#one(query: string, ...values: string[]): Device | null {
		return this.#complete(this.#sql.exec<DeviceRow>(query, ...values).toArray())[0] ?? null;
	}

	#complete(rows: readonly DeviceRow[]): Device[] {
		if (rows.length === 0) return [];
		const account = this.#context.info();
		if (account === null) return [];
		const licenses = new Map(
			[...new Set(rows.map(({ license }) => license))].map((id) => [id, this.#context.license(id)]),
		);
		const rules = this.#context.rules();
		return rows.map((row) => deviceOf(row, account, licenses.get(row.license) ?? null, rules));
	}
}

function deviceOf(row: DeviceRow, account: AccountInfo, license: License | null, rules: readonly PolicyRule[]): Device {
	const labels = JSON.parse(row.labels) as Record<string, string>;
	const policy = resolvePolicy(rules, { id: row.id, labels });
	return {
		id: row.id,
		account: account.id,
		status: row.status,
		model: row.model,
		labels,
		haGroup: row.ha_group,
		replaces: row.replaces,
		replacedBy: row.replaced_by,
		hold: license === null ? null : holdOf(license),
		licenseEpoch: account.licenseEpoch,
		lease: license?.leaseSeconds || null,
		grants: license === null ? {} : withMinAge(grantsOf(license), policy),
		policy,
		serial: row.serial,
		license: row.license,
		jwk: JSON.parse(row.jwk) as DevicePublicKey,
		jkt: row.jkt,
		dpopBound: row.dpop_bound === 1,
		activatedAt: row.activated_at,
		...(row.certificates !== null && { certificates: JSON.parse(row.certificates) as CertificateRule[] }),
		// Both only rise, so their sum does with every change of the record, and no row is written when a license changes.
		version: row.version + account.licenseEpoch,
	};
}
