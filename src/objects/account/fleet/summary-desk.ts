// Tells the Census what the Account's fleet is in numbers: within a minute after something changed, within half an hour where devices tell
// late what they have installed, within six hours after they were merely seen. A summary that does not arrive is made anew and sent again. Whatever comes late, twice or from an older state of this
// object the Census tells by the version, which only rises.

import { LateInstallations } from "../../../fleet/adoption.ts";
import {
	type FleetLicenses,
	type FleetSummary,
	foldCells,
	foldProblems,
	foldSeen,
} from "../../../fleet/fleet-summary.ts";
import { foldTrust } from "../../../fleet/trust-outlook.ts";
import type { Alarm } from "../../alarm.ts";
import type { CensusPort } from "../../census-port.ts";
import { nowSeconds } from "../../clock.ts";
import type { DeviceCount } from "./device-count.ts";

export const SUMMARY_TABLES = [
	`CREATE TABLE fleet_summary ( -- one row, once there was something to tell
		id INTEGER PRIMARY KEY CHECK (id = 1),
		due_at INTEGER, -- when the next one is to be sent; null = nothing new
		sent_at INTEGER -- of the last one that has arrived
	)`,
];

/** counting: a part of the devices was counted; who asks again gets on */
export type AskedSummary =
	| "counting"
	| { readonly summary: FleetSummary /** the Census has it */; readonly isTold: boolean };

/** news: a number has changed; told: one has, by what devices tell late; seen: some device was heard of, as often before */
export type FleetChange = "news" | "told" | "seen";

const DUE_AFTER_SECONDS: Record<FleetChange, number> = { news: 45, told: 1_800, seen: 21_600 };
const AGAIN_AFTER_SECONDS = 60;

export interface SummaryDeskParts {
	readonly storage: DurableObjectStorage;
	readonly alarm: Alarm;
	readonly census: CensusPort;
	readonly count: Pick<DeviceCount, "countOn" | "summary">;
	/** id of the account; null = it was never created */
	readonly account: () => string | null;
}

export class SummaryDesk {
	readonly #sql: SqlStorage;
	readonly #parts: SummaryDeskParts;
	/** to be told with the next summary; in memory: what is lost is counted from when it was told on */
	readonly late = new LateInstallations();
	#lastVersion = 0;
	/** what is on its way; null = nothing */
	#sending: Promise<boolean> | null = null;
	/** when what came meanwhile is due; null = nothing came */
	#nextDue: number | null = null;

	constructor(parts: SummaryDeskParts) {
		this.#parts = parts;
		this.#sql = parts.storage.sql;
		parts.alarm.add({ dueMs: () => this.#dueMs(), run: async () => void (await this.tell()) });
	}

	/** To be called in the transaction of the change. @param now unix seconds */
	mark(now: number, change: FleetChange): void {
		const due = now + DUE_AFTER_SECONDS[change];
		if (this.#sending !== null) this.#nextDue = Math.min(due, this.#nextDue ?? due);
		if ((this.#dueAt() ?? Number.POSITIVE_INFINITY) <= due) return;
		this.#setDue(due);
		this.#parts.alarm.setWithin();
	}

	/**
	 * Sends a summary now, if all devices are counted; or else counts some. Never rejects: the alarm goes on with what is left.
	 * @returns whether it has arrived
	 */
	tell(): Promise<boolean> {
		const account = this.#parts.account();
		if (account === null || !this.#parts.count.countOn()) return Promise.resolve(false);
		this.#sending ??= this.#send(account).finally(() => {
			this.#sending = null;
		});
		return this.#sending;
	}

	/** @param isToldToo whether the Census is told now as well */
	async describe(now: number, isToldToo: boolean): Promise<AskedSummary> {
		if (!this.#parts.count.countOn()) return "counting";
		const isTold = isToldToo && (await this.tell());
		await this.#parts.alarm.set();
		return { summary: this.#summary(now), isTold };
	}

	async #send(account: string): Promise<boolean> {
		const now = nowSeconds();
		this.#nextDue = null;
		this.#lastVersion = Math.max(Date.now(), this.#lastVersion + 1);
		try {
			// Not told again where it fails: nothing of it may count twice.
			const late = this.late.take();
			const summary = this.#summary(now);
			await this.#parts.census.take({ account, version: this.#lastVersion, at: now, summary, late });
			const query = `INSERT INTO fleet_summary (id, due_at, sent_at) VALUES (1, ?, ?)
				ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, sent_at = excluded.sent_at`;
			this.#sql.exec(query, this.#nextDue, now);
			return true;
		} catch {
			this.#setDue(now + AGAIN_AFTER_SECONDS);
			await this.#parts.alarm.set();
			return false;
		}
	}

	/** The fleet in numbers, as it is. @param now unix seconds */
	#summary(now: number): FleetSummary {
		const { devices, cells, problems, seen, trust } = this.#parts.count.summary();
		const licenses = this.#sql
			.exec<FleetLicenses & Record<string, SqlStorageValue>>(
				`SELECT kind, COUNT(*) AS licenses, SUM(seats) AS seats, SUM(COALESCE(taken, 0)) AS taken
				FROM licenses LEFT JOIN seat_counts ON license = id WHERE status = 'active' GROUP BY kind`,
			)
			.toArray();
		return {
			...{ devices, cells: foldCells(cells), problems: foldProblems(problems) },
			...{ seen: foldSeen(seen, now), licenses, trust: foldTrust(trust) },
		};
	}

	#dueMs(): number | null {
		const due = this.#dueAt();
		return due === null ? null : due * 1_000;
	}

	#dueAt(): number | null {
		const query = "SELECT due_at FROM fleet_summary WHERE id = 1";
		return this.#sql.exec<{ due_at: number | null }>(query).toArray()[0]?.due_at ?? null;
	}

	#setDue(due: number): void {
		const query =
			"INSERT INTO fleet_summary (id, due_at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at";
		this.#sql.exec(query, due);
	}
}
