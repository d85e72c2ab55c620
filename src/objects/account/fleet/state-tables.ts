// What an Account knows of each of its devices, as one row: when it was heard of, and what it has of each product. One, because each row
// that is written costs, several times a day, for every device; and for the same reason no index but the key. Plain synchronous SQL; the
// rule is in fleet/device-state.ts.
import { type DeviceState, NOTHING_KNOWN, type ProductState } from "../../../fleet/device-state.ts";

export const STATE_TABLES = [
	`CREATE TABLE device_states (
		device TEXT PRIMARY KEY,
		seen_at INTEGER NOT NULL, -- to the hour
		engine TEXT,
		country TEXT,
		colo TEXT,
		problem TEXT, -- code of the last one that it met; null = none yet
		problem_at INTEGER,
		products TEXT NOT NULL -- JSON: by product a ProductState (fleet/device-state.ts) without what is null
	) WITHOUT ROWID`,
];

/** What device-watch.ts and watch-desk.ts go by. */
export const WATCH_TABLES = [
	`CREATE TABLE device_conditions (
		device TEXT NOT NULL,
		kind TEXT NOT NULL, -- stale, silent, trust_expiring
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

type StateRow = {
	device: string;
	seen_at: number;
	engine: string | null;
	country: string | null;
	colo: string | null;
	problem: string | null;
	problem_at: number | null;
	products: string;
};

export class StateTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	state(device: string): DeviceState {
		return this.states(device, device).get(device) ?? { sighting: null, products: {} };
	}

	/** @returns what is known of the devices whose ids lie between these two, both with them; none of those that were never heard of */
	states(first: string, last: string): Map<string, DeviceState> {
		const query = "SELECT * FROM device_states WHERE device BETWEEN ? AND ?";
		return new Map(
			this.#sql
				.exec<StateRow>(query, first, last)
				.toArray()
				.map(({ device, seen_at: seenAt, problem_at: problemAt, products, ...row }) => {
					const { engine, country, colo, problem } = row;
					const sighting = { seenAt, engine, country, colo, problem, problemAt };
					return [device, { sighting, products: readProducts(products) }];
				}),
		);
	}

	/** Of a device that was heard of. */
	save(device: string, { sighting, products }: DeviceState): void {
		if (sighting === null) throw new TypeError("a device that was not heard of has no state");
		const { seenAt, engine, country, colo, problem, problemAt } = sighting;
		this.#sql.exec(
			`INSERT OR REPLACE INTO device_states (device, seen_at, engine, country, colo, problem, problem_at, products)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			...[device, seenAt, engine, country, colo, problem, problemAt, writeProducts(products)],
		);
	}
}

function writeProducts(products: DeviceState["products"]): string {
	return JSON.stringify(products, (_, value) => value ?? undefined);
}

/** @param text of the column @returns by product what is known of it */
export function readProducts(text: string): Record<string, ProductState> {
	const known = JSON.parse(text) as Record<string, Partial<ProductState>>;
	return Object.fromEntries(Object.entries(known).map(([product, state]) => [product, { ...NOTHING_KNOWN, ...state }]));
}
