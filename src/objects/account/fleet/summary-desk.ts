// Tells the Census what the Account's fleet is in numbers: within a minute after a device said something new, within an hour after one
// was merely seen. A summary that does not arrive is made anew and sent again. Whatever comes late, twice or from an older state of
// this object the Census tells by the version, which only rises.
import { SEAT_HOLDING_STATUSES } from "../../../entitlement/license.ts";
import {
	type FleetCell,
	type FleetLicenses,
	type FleetProblem,
	type FleetSummary,
	foldCells,
	foldProblems,
	foldSeen,
	MAX_CELLS,
	MAX_PROBLEMS,
	OTHER,
} from "../../../fleet/fleet-summary.ts";
import type { Alarm } from "../../alarm.ts";
import type { CensusPort } from "../../census-port.ts";
import { nowSeconds } from "../../clock.ts";

export const SUMMARY_TABLES = [
	`CREATE TABLE fleet_summary ( -- one row, once there was something to tell
		id INTEGER PRIMARY KEY CHECK (id = 1),
		due_at INTEGER, -- when the next one is to be sent; null = nothing new
		sent_at INTEGER -- of the last one that has arrived
	)`,
];

export interface ToldSummary {
	readonly summary: FleetSummary;
	/** the Census has it */
	readonly isTold: boolean;
}

const NEWS_AFTER_SECONDS = 45;
const SEEN_AFTER_SECONDS = 3_000;
const AGAIN_AFTER_SECONDS = 60;
const HOLDS_SEAT = `d.status IN (${SEAT_HOLDING_STATUSES.map((status) => `'${status}'`).join(", ")})`;

export interface SummaryDeskParts {
	readonly storage: DurableObjectStorage;
	readonly alarm: Alarm;
	readonly census: CensusPort;
	/** id of the account; null = it was never created */
	readonly account: () => string | null;
}

export class SummaryDesk {
	readonly #sql: SqlStorage;
	readonly #parts: SummaryDeskParts;

	constructor(parts: SummaryDeskParts) {
		this.#parts = parts;
		this.#sql = parts.storage.sql;
		parts.alarm.add({ dueMs: () => this.#dueMs(), run: async () => void (await this.tell()) });
	}

	/** To be called in the transaction of what is new. @param now unix seconds @param isNews false = a device was merely seen */
	mark(now: number, isNews: boolean): void {
		const due = now + (isNews ? NEWS_AFTER_SECONDS : SEEN_AFTER_SECONDS);
		if ((this.#dueAt() ?? Number.POSITIVE_INFINITY) <= due) return;
		this.#setDue(due);
		this.#parts.alarm.setWithin();
	}

	/** Sends a summary now. Never rejects: what does not arrive is sent again by the alarm. @returns whether it has arrived */
	async tell(): Promise<boolean> {
		const account = this.#parts.account();
		if (account === null) return false;
		const now = nowSeconds();
		// Before the summary is made: what comes while it is on its way is for the next one.
		this.#setDue(null);
		try {
			await this.#parts.census.take({ account, version: Date.now(), at: now, summary: this.summary(now) });
			this.#sql.exec("UPDATE fleet_summary SET sent_at = ?", now);
			return true;
		} catch {
			if (this.#dueAt() === null) this.#setDue(now + AGAIN_AFTER_SECONDS);
			await this.#parts.alarm.set();
			return false;
		}
	}

	/** @param isToldToo whether the Census is told now as well */
	async describe(now: number, isToldToo: boolean): Promise<ToldSummary> {
		const isTold = isToldToo && (await this.tell());
		return { summary: this.summary(now), isTold };
	}

	/** The fleet in numbers, as it is. @param now unix seconds */
	summary(now: number): FleetSummary {
		const all = <T extends Record<string, SqlStorageValue>>(query: string) => this.#sql.exec<T>(query).toArray();
		const statuses = all<{ status: string; n: number }>("SELECT status, COUNT(*) AS n FROM devices GROUP BY status");
		const of = `FROM product_states AS p JOIN devices AS d ON d.id = p.device AND ${HOLDS_SEAT}`;
		const where = "LEFT JOIN device_sightings AS s ON s.device = p.device";
		const cells = all<FleetCell & Record<string, SqlStorageValue>>(
			`SELECT p.product, p.installed AS version, d.model, s.country, p.outcome, COUNT(*) AS devices ${of} ${where}
			GROUP BY 1, 2, 3, 4, 5 ORDER BY devices DESC LIMIT ${MAX_CELLS}`,
		);
		const problems = all<FleetProblem & Record<string, SqlStorageValue>>(
			`SELECT p.product, p.outcome_version AS version, s.country, p.outcome, COALESCE(p.reason, '${OTHER}') AS reason,
				COUNT(*) AS devices ${of} AND p.outcome IN ('failed', 'rolled_back', 'deferred', 'declined') ${where}
			GROUP BY 1, 2, 3, 4, 5 ORDER BY devices DESC LIMIT ${MAX_PROBLEMS}`,
		);
		const seen = all<{ hour: number; devices: number }>(
			`SELECT hour, COUNT(*) AS devices FROM (
				SELECT MAX(COALESCE(s.seen_at, 0),
					COALESCE((SELECT MAX(changed_at) FROM product_states AS p WHERE p.device = d.id), 0)) / 3600 * 3600 AS hour
				FROM devices AS d LEFT JOIN device_sightings AS s ON s.device = d.id WHERE ${HOLDS_SEAT}
			) GROUP BY hour`,
		);
		const licenses = all<FleetLicenses & Record<string, SqlStorageValue>>(
			`SELECT kind, COUNT(*) AS licenses, SUM(seats) AS seats, SUM(COALESCE(taken, 0)) AS taken
			FROM licenses LEFT JOIN seat_counts ON license = id WHERE status = 'active' GROUP BY kind`,
		);
		return {
			devices: Object.fromEntries(statuses.map(({ status, n }) => [status, n])),
			cells: foldCells(this.#withRest(cells, of)),
			problems: foldProblems(problems),
			seen: foldSeen(seen, now),
			licenses,
		};
	}

	/** Rows that were too many to list are counted by their product alone. */
	#withRest(cells: readonly FleetCell[], of: string): FleetCell[] {
		if (cells.length < MAX_CELLS) return [...cells];
		const query = `SELECT p.product, COUNT(*) AS devices ${of} GROUP BY p.product`;
		const rest = this.#sql
			.exec<{ product: string; devices: number }>(query)
			.toArray()
			.map(({ product, devices }) => {
				const listed = cells.reduce((sum, cell) => (cell.product === product ? sum + cell.devices : sum), 0);
				return { product, version: OTHER, model: OTHER, country: null, outcome: null, devices: devices - listed };
			});
		return [...cells, ...rest.filter(({ devices }) => devices > 0)];
	}

	#dueMs(): number | null {
		const due = this.#dueAt();
		return due === null ? null : due * 1_000;
	}

	#dueAt(): number | null {
		const query = "SELECT due_at FROM fleet_summary WHERE id = 1";
		return this.#sql.exec<{ due_at: number | null }>(query).toArray()[0]?.due_at ?? null;
	}

	#setDue(due: number | null): void {
		const query =
			"INSERT INTO fleet_summary (id, due_at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at";
		this.#sql.exec(query, due);
	}
}
