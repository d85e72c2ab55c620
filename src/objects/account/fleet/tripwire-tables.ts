// From which networks the Account's devices come, a row for each device that is written when it changes its network, and what the account
// has done about a device that is told. Plain synchronous SQL; the rule is in fleet/tripwire.ts.
import type { DeviceNetworks, Suspends } from "../../../fleet/tripwire.ts";

export const TRIPWIRE_TABLES = [
	`CREATE TABLE device_networks (
		device TEXT PRIMARY KEY,
		stays TEXT NOT NULL, -- JSON: Stay[] (fleet/tripwire.ts), the network in which it is first
		doubts TEXT NOT NULL -- JSON: Doubt[]
	) WITHOUT ROWID`,
	`CREATE TABLE tripwire ( -- one row; none = nobody is suspended, and nothing was told
		id INTEGER PRIMARY KEY CHECK (id = 1),
		suspends TEXT NOT NULL, -- off, travel, any
		told_to INTEGER NOT NULL, -- of the allowance of events
		suspended_to INTEGER NOT NULL -- of the allowance of suspensions
	)`,
];

export interface TripwireState {
	readonly suspends: Suspends;
	/** see entitlement/allowance.ts */
	readonly toldTo: number;
	readonly suspendedTo: number;
}

type StateRow = { suspends: Suspends; told_to: number; suspended_to: number };

export class TripwireTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	networks(device: string): DeviceNetworks | null {
		const query = "SELECT stays, doubts FROM device_networks WHERE device = ?";
		const [row] = this.#sql.exec<{ stays: string; doubts: string }>(query, device).toArray();
		if (row === undefined) return null;
		return { stays: JSON.parse(row.stays), doubts: JSON.parse(row.doubts) } as DeviceNetworks;
	}

	saveNetworks(device: string, { stays, doubts }: DeviceNetworks): void {
		const query = "INSERT OR REPLACE INTO device_networks (device, stays, doubts) VALUES (?, ?, ?)";
		this.#sql.exec(query, device, JSON.stringify(stays), JSON.stringify(doubts));
	}

	state(): TripwireState {
		const query = "SELECT suspends, told_to, suspended_to FROM tripwire WHERE id = 1";
		const [row] = this.#sql.exec<StateRow>(query).toArray();
		if (row === undefined) return { suspends: "off", toldTo: 0, suspendedTo: 0 };
		return { suspends: row.suspends, toldTo: row.told_to, suspendedTo: row.suspended_to };
	}

	saveState({ suspends, toldTo, suspendedTo }: TripwireState): void {
		const query = "INSERT OR REPLACE INTO tripwire (id, suspends, told_to, suspended_to) VALUES (1, ?, ?, ?)";
		this.#sql.exec(query, suspends, toldTo, suspendedTo);
	}
}
