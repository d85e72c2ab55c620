// Finds devices of an Account by what they are and what is known of their state, in pages. A page looks at a bounded number of
// devices, so one that finds nothing may still have a next one. Plain synchronous SQL.
import type { DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import { SEAT_HOLDING_STATUSES } from "../../../entitlement/licenses/license.ts";
import { type DeviceState, lastHeard } from "../../../fleet/device-state.ts";
import type { ToldAnchors, TufRoot } from "../../../fleet/trust-anchors.ts";
import type { Reported } from "../../../rollout/lease.ts";
import { type Device, type DeviceTables, seatHolder } from "../devices/device-tables.ts";
import type { SeatTables } from "../seats/seat-tables.ts";
import type { AnchorTables } from "./anchor-tables.ts";
import type { StateTables } from "./state-tables.ts";

/** What is not given does not matter. */
export interface DeviceFilter {
	/** this one alone */
	readonly id?: string | undefined;
	readonly serial?: string | undefined;
	/** beginning of it */
	readonly serialPrefix?: string | undefined;
	readonly model?: string | undefined;
	readonly license?: string | undefined;
	readonly status?: DeviceStatus | undefined;
	readonly labels?: Readonly<Record<string, string>> | undefined;
	/** of which the following are meant; without it a device matches by any of its products */
	readonly product?: string | undefined;
	readonly installed?: string | undefined;
	/** beginning of the version that it has */
	readonly installedPrefix?: string | undefined;
	readonly outcome?: Reported | undefined;
	readonly reason?: string | undefined;
	/** unix seconds: heard of neither then nor later */
	readonly silentSince?: number | undefined;
	/** what its updates rest on ends by then, as anchorEnds (fleet/trust-anchors.ts) has it */
	readonly trustEnds?: { /** unix seconds */ readonly by: number; readonly newestTufRoot: TufRoot | null } | undefined;
}

export interface DeviceQuery extends DeviceFilter {
	/** id after which to begin; "" = from the first */
	readonly after: string;
	readonly limit: number;
	/** unix seconds */
	readonly now: number;
}

export interface FoundDevice {
	readonly device: Device;
	readonly state: DeviceState;
	/** what its updates rest on; null = it has not said; left out by objects of an earlier deployment */
	readonly anchors?: ToldAnchors | null;
	/** unix seconds, to the hour; null = it was never heard of */
	readonly seenAt: number | null;
	/** its own seat or its HA group's, whose lease is not over */
	readonly hasSeat: boolean;
}

export interface DevicePage {
	readonly devices: readonly FoundDevice[];
	/** `after` of the next page; null = this was the last */
	readonly next: string | null;
}

/** Devices that one page looks at: what is rare in a large account must not make one request read all of it. */
const LOOKS_PER_PAGE = 10_000;
const PREFIX_END = "\u{10ffff}";

export interface DeviceSearchParts {
	readonly devices: DeviceTables;
	readonly states: StateTables;
	readonly anchors: AnchorTables;
	readonly seats: Pick<SeatTables, "seat">;
}

export class DeviceSearch {
	readonly #sql: SqlStorage;
	readonly #parts: DeviceSearchParts;

	constructor(sql: SqlStorage, parts: DeviceSearchParts) {
		this.#sql = sql;
		this.#parts = parts;
	}

	find(query: DeviceQuery): DevicePage {
		const { after, limit, now } = query;
		if (query.id !== undefined) return { devices: this.#describe([query.id], now), next: null };
		const { where, values } = conditionsOf(query);
		const end = this.#lookEnd(after);
		const ids = this.#sql
			.exec<{ id: string }>(
				`SELECT id FROM devices AS d WHERE id > ? AND id <= ? ${where.map((one) => `AND ${one}`).join(" ")}
				ORDER BY id LIMIT ?`,
				...[after, end ?? PREFIX_END, ...values, limit],
			)
			.toArray()
			.map(({ id }) => id);
		const next = ids.length === limit ? (ids.at(-1) ?? null) : end;
		return { devices: this.#describe(ids, now), next };
	}

	#describe(ids: readonly string[], now: number): FoundDevice[] {
		const [first, last] = [ids[0], ids.at(-1)];
		if (first === undefined || last === undefined) return [];
		// In one read where the page is dense, as it is without a filter.
		const isDense = ids.length > 1 && this.#parts.devices.devices(first, ids.length - 1).at(-1)?.id === last;
		const states = isDense ? this.#parts.states.states(first, last) : null;
		const told = isDense ? this.#parts.anchors.between(first, last) : null;
		return ids.flatMap((id) => {
			const device = this.#parts.devices.device(id);
			if (device === null) return [];
			const state =
				states === null ? this.#parts.states.state(id) : (states.get(id) ?? { sighting: null, products: {} });
			const anchors = told === null ? this.#parts.anchors.anchors(id) : (told.get(id) ?? null);
			return [{ device, state, anchors, seenAt: lastHeard(state), hasSeat: this.#hasSeat(device, now) }];
		});
	}

	#hasSeat(device: Device, now: number): boolean {
		if (!SEAT_HOLDING_STATUSES.some((status) => status === device.status)) return false;
		const seat = this.#parts.seats.seat(seatHolder(device));
		return seat !== null && (seat.until === null || seat.until > now);
	}

	/** @returns id of the last device that this page looks at; null = all that are left */
	#lookEnd(after: string): string | null {
		const query = "SELECT id FROM devices WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?";
		return this.#sql.exec<{ id: string }>(query, after, LOOKS_PER_PAGE - 1).toArray()[0]?.id ?? null;
	}
}

function conditionsOf(filter: DeviceFilter): { where: string[]; values: SqlStorageValue[] } {
	const where: string[] = [];
	const values: SqlStorageValue[] = [];
	const add = (condition: string, ...more: SqlStorageValue[]) => {
		where.push(condition);
		values.push(...more);
	};
	const { serial, serialPrefix, model, license, status, labels = {}, silentSince, trustEnds } = filter;
	if (serial !== undefined) add("d.serial = ?", serial);
	if (serialPrefix !== undefined) add("d.serial >= ? AND d.serial < ?", serialPrefix, serialPrefix + PREFIX_END);
	if (model !== undefined) add("d.model = ?", model);
	if (license !== undefined) add("d.license = ?", license);
	if (status !== undefined) add("d.status = ?", status);
	// In quotes: a label's key may hold a dot.
	for (const [key, value] of Object.entries(labels)) add("json_extract(d.labels, ?) = ?", `$."${key}"`, value);
	if (silentSince !== undefined) {
		add("NOT EXISTS (SELECT 1 FROM device_states AS s WHERE s.device = d.id AND s.seen_at >= ?)", silentSince);
		add("d.activated_at < ?", silentSince);
	}
	if (trustEnds !== undefined) {
		const { by, newestTufRoot: newest } = trustEnds;
		const tufEnds = "CASE WHEN a.tuf_version <= ? THEN ? ELSE a.tuf_ends END";
		const ends = `a.tls_ends <= ? OR a.certificate_ends <= ? OR ${tufEnds} <= ?`;
		add(
			`EXISTS (SELECT 1 FROM device_anchors AS a WHERE a.device = d.id AND (${ends}))`,
			...[by, by, newest?.version ?? 0, newest?.endsAt ?? 0, by],
		);
	}
	const ofProduct = productConditions(filter);
	if (ofProduct.length > 0) {
		const inner = ofProduct.map(([condition]) => condition).join(" AND ");
		add(
			`EXISTS (SELECT 1 FROM device_states AS s, json_each(s.products) AS p WHERE s.device = d.id AND ${inner})`,
			...ofProduct.map(([, one]) => one),
		);
	}
	return { where, values };
}

function productConditions(filter: DeviceFilter): [string, string][] {
	const { product, installed, installedPrefix: prefix, outcome, reason } = filter;
	const wanted: [string, string | undefined][] = [
		["p.key = ?", product],
		["p.value ->> 'installed' = ?", installed],
		["p.value ->> 'installed' >= ?", prefix],
		["p.value ->> 'installed' < ?", prefix && prefix + PREFIX_END],
		["p.value ->> 'outcome' = ?", outcome],
		["p.value ->> 'reason' = ?", reason],
	];
	return wanted.flatMap(([what, value]): [string, string][] => (value === undefined ? [] : [[what, value]]));
}
