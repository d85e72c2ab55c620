// Looks over the Account's devices for those that are not updated, not heard of or soon not able to update, by the object's alarm, a page
// at a time, and tells the trail: each device by itself, or many of them as one digest. How late it is, fleet/device-watch.ts says. A page
// is one transaction.
import { type DevicePolicy, putOff } from "../../../entitlement/policy/device-policy.ts";
import { type DeviceState, lastHeard } from "../../../fleet/device-state.ts";
import {
	type Condition,
	type Conditions,
	MAX_TOLD,
	MOST_PAUSE_SECONDS,
	NO_CONDITIONS,
	nextLook,
	type Tally,
	tallyOne,
	WATCHED,
	type Watched,
	type WatchedDevice,
	watchDevice,
} from "../../../fleet/device-watch.ts";
import { endsByItself, type ToldAnchors } from "../../../fleet/trust-anchors.ts";
import { formatTimestamp } from "../../../timestamps.ts";
import type { Alarm } from "../../alarm.ts";
import { SERVICE, type WriteAudit } from "../../audit.ts";
import { nowSeconds } from "../../clock.ts";
import type { Device } from "../devices/device-tables.ts";
import type { AnchorTables } from "./anchor-tables.ts";
import type { StateTables } from "./state-tables.ts";

/** Some 10 ms where nothing is wrong, some 50 ms where each device is looked at by its policy. */
const DEVICES_PER_PAGE = 500;
/**
 * A look that is overdue by so much is of an account that was set back to an earlier time, whose devices all look silent: they are
 * heard of first.
 */
const OVERDUE_SECONDS = MOST_PAUSE_SECONDS;
/** Devices that a digest names. */
const NAMED = 5;

const TOLD = ["stale", "stale_ended", "silent", "silent_ended", "trust_expiring", "trust_expiring_ended"] as const;
type Told = (typeof TOLD)[number];
type Tallies = { readonly [Kind in Told]?: Tally };

type Look = { due_at: number; after: string; next_at: number | null; tallies: string };
type DeviceRow = { id: string; status: string };
type ConditionRow = { device: string; kind: Watched; since: number; told: number };

export interface WatchDeskParts {
	readonly storage: DurableObjectStorage;
	readonly alarm: Alarm;
	readonly audit: WriteAudit;
	readonly device: (id: string) => Pick<Device, "policy" | "hold"> | null;
	readonly states: Pick<StateTables, "state" | "states">;
	readonly anchors: Pick<AnchorTables, "anchors" | "between">;
	/** id of the account */
	readonly account: () => string | null;
	readonly perPage?: number;
}

export class WatchDesk {
	readonly #parts: WatchDeskParts;
	readonly #sql: SqlStorage;
	readonly #perPage: number;

	constructor(parts: WatchDeskParts) {
		this.#parts = parts;
		this.#sql = parts.storage.sql;
		this.#perPage = parts.perPage ?? DEVICES_PER_PAGE;
		const run = async () => parts.storage.transactionSync(() => this.#lookOn(nowSeconds()));
		parts.alarm.add({ dueMs: () => this.#dueMs(), run });
	}

	/** To be called in a transaction when a device was heard of: from the first one on the account looks over its devices. @param now unix seconds */
	begin(now: number): void {
		if (this.#look() !== null) return;
		this.#save({ due_at: now + MOST_PAUSE_SECONDS, after: "", next_at: null, tallies: "{}" });
		this.#parts.alarm.setWithin();
	}

	/** Looks at a page; after the last one tells what was found. */
	#lookOn(now: number): void {
		const look = this.#look();
		if (look === null) return;
		if (now - look.due_at > OVERDUE_SECONDS) {
			this.#save({ due_at: now + MOST_PAUSE_SECONDS, after: "", next_at: null, tallies: "{}" });
			return;
		}
		let tallies = JSON.parse(look.tallies) as Tallies;
		let next = look.next_at ?? now + MOST_PAUSE_SECONDS;
		const rows = this.#page(look.after);
		const known = this.#conditions(rows);
		const [first, end] = [rows[0]?.id ?? "", rows.at(-1)?.id ?? ""];
		const states = this.#parts.states.states(first, end);
		const anchors = this.#parts.anchors.between(first, end);
		for (const row of rows) {
			const state = states.get(row.id) ?? { sighting: null, products: {} };
			const device = this.#watched(row, state, anchors.get(row.id) ?? null, now);
			const before = known.get(row.id) ?? NO_CONDITIONS;
			const { conditions, began, ended } = watchDevice(device, before, now);
			this.#keep(row.id, before, conditions);
			next = Math.min(next, nextLook(device, conditions, now));
			for (const kind of [...began, ...ended.map((kind) => `${kind}_ended` as const)])
				tallies = { ...tallies, [kind]: tallyOne(tallies[kind], row.id) };
		}
		const last = rows.length < this.#perPage ? undefined : rows.at(-1);
		if (last !== undefined) {
			this.#save({ due_at: now, after: last.id, next_at: next, tallies: JSON.stringify(tallies) });
			return;
		}
		this.#tell(tallies, now);
		this.#save({ due_at: next, after: "", next_at: null, tallies: "{}" });
	}

	#tell(tallies: Tallies, now: number): void {
		const by = { actor: SERVICE, now };
		for (const kind of TOLD) {
			const { count, devices } = tallies[kind] ?? { count: 0, devices: [] };
			if (count <= MAX_TOLD) {
				for (const id of devices) this.#parts.audit(by, `device.${kind}`, id, this.#detailOf(kind, id));
				continue;
			}
			const named = devices.slice(0, NAMED).join(" ");
			this.#parts.audit(by, "device.digest", this.#parts.account() ?? "", `${kind}: ${count} devices, ${named} …`);
		}
	}

	#detailOf(kind: Told, id: string): string {
		const { sighting, products } = this.#parts.states.state(id);
		if (kind === "silent") return sighting === null ? "" : `seen ${formatTimestamp(sighting.seenAt)}`;
		if (kind === "trust_expiring") return this.#trustOf(id);
		if (kind !== "stale") return "";
		return Object.entries(products)
			.flatMap(([product, { installed, offered }]) =>
				offered === null ? [] : [`${product} ${installed ?? "nothing"}, offered ${offered}`],
			)
			.join("; ");
	}

	#trustOf(id: string): string {
		const anchors = this.#parts.anchors.anchors(id);
		const first = anchors === null ? undefined : endsByItself(anchors)[0];
		if (first === undefined) return "";
		const what = first.anchor === "tls_root" ? `TLS root ${anchors?.tlsRoot?.name}` : "its certificate";
		return `${what} ends ${formatTimestamp(first.endsAt)}`;
	}

	/** The policy is worked out only where the rule asks for it. */
	#watched({ id, status }: DeviceRow, state: DeviceState, anchors: ToldAnchors | null, now: number): WatchedDevice {
		let found: Pick<Device, "policy" | "hold"> | null | undefined;
		const device = () => {
			found ??= this.#parts.device(id);
			return found;
		};
		const isSuspended = () => (device()?.hold ?? null) !== null;
		const policy = (): DevicePolicy | null => device()?.policy ?? null;
		return {
			isActive: status === "active",
			heardAt: lastHeard(state),
			offeredAt: offeredSince(state),
			trustEndsAt: anchors === null ? null : (endsByItself(anchors)[0]?.endsAt ?? null),
			get isHeld() {
				return isSuspended() || policy()?.held === true;
			},
			get isPutOff() {
				return isSuspended() || putOff(policy(), ORDINARY, now) !== null;
			},
		};
	}

	#page(after: string): DeviceRow[] {
		const query = "SELECT id, status FROM devices WHERE id > ? ORDER BY id LIMIT ?";
		return this.#sql.exec<DeviceRow>(query, after, this.#perPage).toArray();
	}

	#conditions(rows: readonly DeviceRow[]): Map<string, Conditions> {
		const query = "SELECT device, kind, since, told FROM device_conditions WHERE device >= ? AND device <= ?";
		const found = new Map<string, Conditions>();
		const [first, last] = [rows[0]?.id ?? "", rows.at(-1)?.id ?? ""];
		for (const { device, kind, since, told } of this.#sql.exec<ConditionRow>(query, first, last)) {
			found.set(device, { ...(found.get(device) ?? NO_CONDITIONS), [kind]: { since, isTold: told === 1 } });
		}
		return found;
	}

	#keep(device: string, before: Conditions, after: Conditions): void {
		for (const kind of WATCHED) {
			const condition: Condition | null = after[kind];
			if (condition === before[kind]) continue;
			if (condition === null) {
				this.#sql.exec("DELETE FROM device_conditions WHERE device = ? AND kind = ?", device, kind);
				continue;
			}
			const query = "INSERT OR REPLACE INTO device_conditions (device, kind, since, told) VALUES (?, ?, ?, ?)";
			this.#sql.exec(query, device, kind, condition.since, condition.isTold ? 1 : 0);
		}
	}

	#dueMs(): number | null {
		const look = this.#look();
		return look === null ? null : look.due_at * 1_000;
	}

	#look(): Look | null {
		const query = "SELECT due_at, after, next_at, tallies FROM device_watch WHERE id = 1";
		return this.#sql.exec<Look>(query).toArray()[0] ?? null;
	}

	#save({ due_at, after, next_at, tallies }: Look): void {
		const query = "INSERT OR REPLACE INTO device_watch (id, due_at, after, next_at, tallies) VALUES (1, ?, ?, ?, ?)";
		this.#sql.exec(query, due_at, after, next_at, tallies);
	}
}

/** An update as most are: what a policy lets pass is not waited for. */
const ORDINARY = { isEmergency: false, isRevert: false, isFirst: false };

/** @returns unix seconds since when something is offered to a device that it has not installed; null = nothing is */
function offeredSince({ products }: DeviceState): number | null {
	const times = Object.values(products).flatMap(({ offeredAt }) => (offeredAt === null ? [] : [offeredAt]));
	return times.length === 0 ? null : Math.min(...times);
}
