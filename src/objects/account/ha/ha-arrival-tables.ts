// Devices that came to an HA group from outside, and may still install what they were offered there. Plain synchronous SQL; the rule is in
// entitlement/ha/ha-lock.ts. By device, so that it holds in whatever group the device is.

export const HA_ARRIVAL_TABLES = [
	`CREATE TABLE ha_arrivals (
		device TEXT NOT NULL,
		product TEXT NOT NULL,
		since INTEGER NOT NULL, -- when it joined
		until INTEGER NOT NULL, -- when it has installed whatever it was offered
		PRIMARY KEY (device, product)
	) WITHOUT ROWID`,
];

export interface HaArrival {
	readonly device: string;
	readonly product: string;
	/** unix seconds */
	readonly since: number;
	readonly until: number;
}

export class HaArrivalTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** Those whose time is over are forgotten. */
	save({ device, product, since, until }: HaArrival): void {
		this.#sql.exec("DELETE FROM ha_arrivals WHERE device = ? AND until <= ?", device, since);
		this.#sql.exec("INSERT OR REPLACE INTO ha_arrivals VALUES (?, ?, ?, ?)", device, product, since, until);
	}

	/** @param now unix seconds @returns those of the devices whose time is not over, by device and product */
	of(devices: readonly string[], now: number): HaArrival[] {
		const query = `SELECT device, product, since, until FROM ha_arrivals
			WHERE device IN (SELECT value FROM json_each(?)) AND until > ? ORDER BY device, product`;
		return this.#sql.exec<HaArrival & Record<string, SqlStorageValue>>(query, JSON.stringify(devices), now).toArray();
	}

	/** The device has said something by which it is not installing. @param at unix seconds; what was said before it joined changes nothing */
	end(device: string, products: readonly string[], at: number): void {
		for (const product of products)
			this.#sql.exec("DELETE FROM ha_arrivals WHERE device = ? AND product = ? AND since <= ?", device, product, at);
	}
}
