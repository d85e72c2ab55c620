// The lines of devices as rows. Plain synchronous SQL.
import type { Branch, DeviceLines } from "../../../entitlement/devices/lineage.ts";

export const LINEAGE_TABLES = [
	`CREATE TABLE device_lines (
		device TEXT PRIMARY KEY,
		main TEXT NOT NULL, -- JSON: a Branch (entitlement/devices/lineage.ts)
		rival TEXT, -- JSON: likewise; null = there was no other
		forked_at INTEGER -- since when both are known to live; null = they are not
	) WITHOUT ROWID`,
	// Of devices that are one each it has no row, so that writing them costs none.
	"CREATE INDEX device_lines_forked ON device_lines (device) WHERE forked_at IS NOT NULL",
];

type LinesRow = { device: string; main: string; rival: string | null; forked_at: number | null };

export class LineageTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	lines(device: string): DeviceLines | null {
		const [row] = this.#sql.exec<LinesRow>("SELECT * FROM device_lines WHERE device = ?", device).toArray();
		return row === undefined ? null : linesOf(row);
	}

	save(device: string, { main, rival, forkedAt }: DeviceLines): void {
		this.#sql.exec(
			"INSERT OR REPLACE INTO device_lines (device, main, rival, forked_at) VALUES (?, ?, ?, ?)",
			...[device, JSON.stringify(main), rival && JSON.stringify(rival), forkedAt],
		);
	}

	/** @returns forked devices in the order of their ids, from the first one after the given id */
	forked(after: string, limit: number): { readonly device: string; readonly lines: DeviceLines }[] {
		const query = "SELECT * FROM device_lines WHERE forked_at IS NOT NULL AND device > ? ORDER BY device LIMIT ?";
		const rows = this.#sql.exec<LinesRow>(query, after, limit).toArray();
		return rows.map((row) => ({ device: row.device, lines: linesOf(row) }));
	}
}

function linesOf({ main, rival, forked_at: forkedAt }: LinesRow): DeviceLines {
	return { main: JSON.parse(main) as Branch, rival: rival === null ? null : (JSON.parse(rival) as Branch), forkedAt };
}
