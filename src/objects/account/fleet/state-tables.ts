// What an Account knows of each of its devices, as rows: when it was heard of, and a row for each product. No index but the keys:
// each would be one more row to write, several times a day, for every device. Plain synchronous SQL; the rule is in
// fleet/device-state.ts.
import type { DeviceState, ProductState, Sighting } from "../../../fleet/device-state.ts";
import type { OutcomeReason } from "../../../fleet/outcome-reason.ts";
import type { Reported } from "../../../rollout/lease.ts";

export const STATE_TABLES = [
	`CREATE TABLE device_sightings (
		device TEXT PRIMARY KEY,
		seen_at INTEGER NOT NULL, -- to the hour; a row of product_states may be later
		engine TEXT,
		country TEXT,
		colo TEXT,
		problem TEXT, -- code of the last one that it met; null = none yet
		problem_at INTEGER
	) WITHOUT ROWID`,
	`CREATE TABLE product_states (
		device TEXT NOT NULL,
		product TEXT NOT NULL,
		installed TEXT, -- null = nothing, or it has not said
		offered TEXT, -- null = what it has
		offered_at INTEGER, -- since when something is that it has not installed
		permitted TEXT, -- version of its last permit
		permitted_at INTEGER,
		permitted_until INTEGER, -- when that ends without a word
		permitted_sequence INTEGER, -- of the version: the higher, the newer
		downloaded_at INTEGER,
		outcome TEXT, -- its last word of a permit
		outcome_version TEXT,
		outcome_at INTEGER,
		reason TEXT, -- why, of fleet/outcome-reason.ts
		detail TEXT, -- why, in its own word
		changed_at INTEGER NOT NULL,
		PRIMARY KEY (device, product)
	) WITHOUT ROWID`,
];

/** What device-watch.ts and watch-desk.ts go by. */
export const WATCH_TABLES = [
	`CREATE TABLE device_conditions (
		device TEXT NOT NULL,
		kind TEXT NOT NULL, -- stale, silent
		since INTEGER NOT NULL, -- when it was doubted, or told
		told INTEGER NOT NULL, -- 0, 1 = it is an event
		PRIMARY KEY (device, kind)
	) WITHOUT ROWID`,
	`CREATE TABLE device_watch ( -- one row, once a device was heard of
		id INTEGER PRIMARY KEY CHECK (id = 1),
		due_at INTEGER NOT NULL, -- when the next page is to be looked at
		after TEXT NOT NULL, -- last device of the page before; '' = none yet
		next_at INTEGER, -- when the next look begins, as far as the pages say; null = this one has not begun
		tallies TEXT NOT NULL -- JSON: what the pages have found
	)`,
];

type SightingRow = {
	device: string;
	seen_at: number;
	engine: string | null;
	country: string | null;
	colo: string | null;
	problem: string | null;
	problem_at: number | null;
};
type StateRow = {
	device: string;
	product: string;
	installed: string | null;
	offered: string | null;
	offered_at: number | null;
	permitted: string | null;
	permitted_at: number | null;
	permitted_until: number | null;
	permitted_sequence: number | null;
	downloaded_at: number | null;
	outcome: Reported | null;
	outcome_version: string | null;
	outcome_at: number | null;
	reason: OutcomeReason | null;
	detail: string | null;
	changed_at: number;
};

export class StateTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	state(device: string): DeviceState {
		return this.states(device, device).get(device) ?? { sighting: null, products: {} };
	}

	/** @returns what is known of the devices whose ids lie between these two, both with them */
	states(first: string, last: string): Map<string, DeviceState> {
		const found = new Map<string, { sighting: Sighting | null; products: Record<string, ProductState> }>();
		const of = (device: string) => {
			const known = found.get(device) ?? { sighting: null, products: {} };
			found.set(device, known);
			return known;
		};
		const range = "WHERE device BETWEEN ? AND ?";
		for (const row of this.#sql.exec<SightingRow>(`SELECT * FROM device_sightings ${range}`, first, last)) {
			const { engine, country, colo, problem } = row;
			of(row.device).sighting = { seenAt: row.seen_at, engine, country, colo, problem, problemAt: row.problem_at };
		}
		for (const row of this.#sql.exec<StateRow>(`SELECT * FROM product_states ${range}`, first, last)) {
			of(row.device).products[row.product] = stateOf(row);
		}
		return found;
	}

	saveSighting(device: string, { seenAt, engine, country, colo, problem, problemAt }: Sighting): void {
		this.#sql.exec(
			`INSERT OR REPLACE INTO device_sightings (device, seen_at, engine, country, colo, problem, problem_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
			...[device, seenAt, engine, country, colo, problem, problemAt],
		);
	}

	saveProduct(device: string, product: string, state: ProductState): void {
		this.#sql.exec(
			`INSERT OR REPLACE INTO product_states (device, product, installed, offered, offered_at, permitted, permitted_at, permitted_until,
				permitted_sequence, downloaded_at, outcome, outcome_version, outcome_at, reason, detail, changed_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			...[
				device,
				product,
				state.installed,
				state.offered,
				state.offeredAt,
				state.permitted,
				state.permittedAt,
				state.permittedUntil,
				state.permittedSequence,
				state.downloadedAt,
			],
			...[state.outcome, state.outcomeVersion, state.outcomeAt, state.reason, state.detail, state.changedAt],
		);
	}

	deleteProduct(device: string, product: string): void {
		this.#sql.exec("DELETE FROM product_states WHERE device = ? AND product = ?", device, product);
	}
}

function stateOf(row: StateRow): ProductState {
	const { installed, offered, permitted, outcome, reason, detail } = row;
	return {
		...{
			installed,
			offered,
			offeredAt: row.offered_at,
			permitted,
			permittedAt: row.permitted_at,
			permittedUntil: row.permitted_until,
			permittedSequence: row.permitted_sequence,
			downloadedAt: row.downloaded_at,
		},
		...{ outcome, outcomeVersion: row.outcome_version, outcomeAt: row.outcome_at, reason, detail },
		changedAt: row.changed_at,
	};
}
