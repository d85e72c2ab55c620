// The Account's devices in numbers, in memory: counted once in a life of the object, a page of devices at a time, and from then on kept
// with each change, so that neither costs a row and a summary costs the same whether there are ten devices or 100,000. A change is
// counted when its transaction is over, from the rows that it left, so one that was undone changes no number.

import type { DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import { EMPTY_SUMMARY, type FleetSummary, OTHER } from "../../../fleet/fleet-summary.ts";
import { FleetTally } from "../../../fleet/fleet-tally.ts";
import { trustCell } from "../../../fleet/trust-outlook.ts";
import { hourOf } from "../../../timestamps.ts";
import { ANCHOR_COLUMNS, type AnchorColumns, anchorsOf } from "./anchor-tables.ts";
import { readProducts } from "./state-tables.ts";

/** Devices that are counted at once: some 10 ms for each of their products. */
const DEVICES_PER_PAGE = 2_000;

/** What is known of it is null where it was never heard of. */
type DeviceRow = AnchorColumns & {
	id: string;
	status: DeviceStatus;
	model: string;
	activated_at: number;
	seen_at: number | null;
	country: string | null;
	products: string | null;
};

export class DeviceCount {
	readonly #sql: SqlStorage;
	readonly #perPage: number;
	#tally = new FleetTally();
	/** id of the last device that is counted; null = all are */
	#countedTo: string | null = "";
	/** What was counted of devices that are about to change. */
	readonly #before = new Map<string, FleetSummary>();

	constructor(sql: SqlStorage, perPage = DEVICES_PER_PAGE) {
		this.#sql = sql;
		this.#perPage = perPage;
	}

	/** To be called before rows of a device, or what is known of it, are written, in the same transaction. */
	changing(device: string): void {
		// The device is not counted yet: it will be as it is then.
		if (this.#before.has(device) || (this.#countedTo !== null && device > this.#countedTo)) return;
		this.#before.set(device, this.#countOf(device));
		// Runs when what is synchronous, the transaction with it, is over.
		if (this.#before.size === 1) queueMicrotask(() => this.#settle());
	}

	/** Counts a page of those that are not counted yet. @returns whether all are */
	countOn(): boolean {
		if (this.#countedTo === null) return true;
		const rows = this.#read("(SELECT * FROM devices WHERE id > ? ORDER BY id LIMIT ?)", this.#countedTo, this.#perPage);
		for (const row of rows) this.#tally.add(summaryOf(row), 1);
		this.#countedTo = rows.length < this.#perPage ? null : (rows.at(-1)?.id ?? null);
		return this.#countedTo === null;
	}

	/** Of all that are counted, without licenses. */
	summary(): FleetSummary {
		return this.#tally.summary();
	}

	#settle(): void {
		try {
			for (const [device, before] of this.#before) {
				this.#tally.add(before, -1);
				this.#tally.add(this.#countOf(device), 1);
			}
		} catch {
			// Whatever is counted now is wrong.
			this.#tally = new FleetTally();
			this.#countedTo = "";
		} finally {
			this.#before.clear();
		}
	}

	#countOf(device: string): FleetSummary {
		const [row] = this.#read("(SELECT * FROM devices WHERE id = ?)", device);
		return row === undefined ? EMPTY_SUMMARY : summaryOf(row);
	}

	#read(devices: string, ...values: SqlStorageValue[]): DeviceRow[] {
		return this.#sql
			.exec<DeviceRow>(
				`SELECT d.id, d.status, d.model, d.activated_at, s.seen_at, s.country, s.products, ${ANCHOR_COLUMNS}
				FROM ${devices} AS d LEFT JOIN device_states AS s ON s.device = d.id
				LEFT JOIN device_anchors AS a ON a.device = d.id ORDER BY d.id`,
				...values,
			)
			.toArray();
	}
}

function summaryOf({ status, model, country, activated_at, seen_at, products, ...columns }: DeviceRow): FleetSummary {
	const devices = { [status]: 1 };
	if (!holdsSeat(status)) return { ...EMPTY_SUMMARY, devices };
	const ofProducts = Object.entries(products === null ? {} : readProducts(products));
	return {
		devices,
		cells: ofProducts.map(([product, { installed, outcome }]) => ({
			...{ product, version: installed, model, country, outcome, devices: 1 },
		})),
		problems: ofProducts.flatMap(([product, { outcome, outcomeVersion: version, reason }]) =>
			outcome !== null && BAD_OUTCOMES.has(outcome)
				? [{ product, version, country, outcome, reason: reason ?? OTHER, devices: 1 }]
				: [],
		),
		// Who has just activated is not silent; the list of devices says the same.
		seen: [{ hour: Math.max(seen_at ?? 0, hourOf(activated_at)), devices: 1 }],
		licenses: [],
		trust: [trustCell(anchorsOf(columns))],
	};
}

const BAD_OUTCOMES: ReadonlySet<string> = new Set(["failed", "rolled_back", "deferred", "declined"]);
