// Revisions that a later one has replaced (`product:crs@7` once there is `@8`): what an object made and nobody will ask for any
// more is deleted from every store, an hour later, and only once every store's `heads` has moved on. A crash delays it; a
// deletion may be repeated, which is harmless. Who asks for one all the same gets the present revision from its owner.
import { type HeadsRecord, headsRecord, productRevision } from "../../content/heads-record.ts";
import { type Clock, systemClock } from "../../storage/clock.ts";
import { HEADS_KEY } from "../../storage/keys.ts";
import type { RecordStore } from "../../storage/record-store.ts";
import { within } from "../../storage/time-limit.ts";
import type { Alarm, Chore } from "../alarm.ts";
import type { RecordLane } from "./outbox.ts";

export const OUTDATED_TABLES = [
	`CREATE TABLE outdated_revisions (
		seq INTEGER PRIMARY KEY AUTOINCREMENT,
		key TEXT NOT NULL,
		named_by TEXT NOT NULL, -- key of the last record that leads to it; for what heads names, its own
		since INTEGER NOT NULL -- when a later revision took its place
	)`,
];

/**
 * An old `heads` counts for 900 s at most (storage/sealed-records.ts), wherever it is read: from a location's copy, from KV that
 * has not replicated yet, or because a late write brought it back. The rest is for isolates that go on with their last copy.
 */
const RETAIN_SECONDS = 3_600;
/** Deletions are due together, so that a busy object wakes up for them a few times an hour. */
const PERIOD_MS = 600_000;
/** Where there are more than one run deletes. */
const NEXT_RUN_MS = 60_000;
/** Per run. A deletion is one of the 1,000 operations on KV that an invocation has. */
const REVISIONS_PER_RUN = 100;
/** A Worker has six connections at a time, and records want some too. */
const REVISIONS_AT_ONCE = 2;
const STEP_TIMEOUT_MS = 30_000;

interface Row extends Record<string, SqlStorageValue> {
	readonly seq: number;
	readonly key: string;
	readonly named_by: string;
	readonly since: number;
}

export interface OutdatedRevisionsOptions {
	readonly storage: DurableObjectStorage;
	readonly alarm: Alarm;
	readonly lanes: () => readonly RecordLane[];
	readonly clock?: Clock;
}

export class OutdatedRevisions implements Chore {
	/** Replaceable, so that a test need not wait for an hour. */
	retainSeconds = RETAIN_SECONDS;
	readonly #sql: SqlStorage;
	readonly #lanes: () => readonly RecordLane[];
	readonly #clock: Clock;
	/** unix ms; after a restart of the object nobody knows, so it is at once */
	#notBeforeMs = 0;

	constructor({ storage, alarm, lanes, clock = systemClock }: OutdatedRevisionsOptions) {
		this.#sql = storage.sql;
		this.#lanes = lanes;
		this.#clock = clock;
		alarm.add(this);
	}

	/**
	 * Part of the transaction that makes the later revision, which then sets the alarm.
	 * @param now unix seconds
	 * @param namedBy the last revision that leads to the key, where `heads` does not: it goes when that is named no more
	 */
	add(key: string, now: number, namedBy = key): void {
		this.#sql.exec("INSERT INTO outdated_revisions (key, named_by, since) VALUES (?, ?, ?)", key, namedBy, now);
	}

	dueMs(): number | null {
		const [first] = this.#leading(1);
		if (first === undefined) return null;
		const endMs = (first.since + this.retainSeconds) * 1_000;
		return Math.max(Math.ceil(endMs / PERIOD_MS) * PERIOD_MS, this.#notBeforeMs);
	}

	async run(nowMs: number): Promise<void> {
		const due = this.#leading(REVISIONS_PER_RUN).filter(({ since }) => (since + this.retainSeconds) * 1_000 <= nowMs);
		const deleted = await this.#deleteUnnamed(due);
		const hasMore = deleted === REVISIONS_PER_RUN;
		this.#notBeforeMs = this.#clock.nowMs() + (hasMore ? NEXT_RUN_MS : PERIOD_MS);
	}

	/** @returns how many are gone; the others stay for the next run */
	async #deleteUnnamed(due: readonly Row[]): Promise<number> {
		const stores = this.#lanes().map(({ store }) => store);
		const heads = await Promise.all(stores.map((store) => this.#headsIn(store)));
		const unnamed = due.filter(({ named_by }) =>
			heads.every((record) => record !== null && isBehind(named_by, record)),
		);
		let deleted = 0;
		for (let at = 0; at < unnamed.length; at += REVISIONS_AT_ONCE) {
			const rows = unnamed.slice(at, at + REVISIONS_AT_ONCE);
			const gone = await Promise.all(rows.map(({ key }) => this.#deleteEverywhere(stores, key)));
			for (const [place, { seq }] of rows.entries()) {
				if (gone[place]) this.#sql.exec("DELETE FROM outdated_revisions WHERE seq = ?", seq);
			}
			deleted += gone.filter(Boolean).length;
			// A store that is out is out for the next ones as well.
			if (gone.includes(false)) break;
		}
		return deleted;
	}

	/** @returns null where the store cannot say */
	async #headsIn(store: RecordStore): Promise<HeadsRecord | null> {
		try {
			const found = await within(this.#clock, STEP_TIMEOUT_MS, HEADS_KEY, store.get(HEADS_KEY));
			return headsRecord.parse(found?.body);
		} catch {
			return null;
		}
	}

	async #deleteEverywhere(stores: readonly RecordStore[], key: string): Promise<boolean> {
		try {
			const deletions = stores.map((store) => within(this.#clock, STEP_TIMEOUT_MS, key, store.delete(key)));
			await Promise.all(deletions);
			return true;
		} catch {
			return false;
		}
	}

	#leading(limit: number): Row[] {
		return this.#sql
			.exec<Row>("SELECT seq, key, named_by, since FROM outdated_revisions ORDER BY seq LIMIT ?", limit)
			.toArray();
	}
}

/** Whether `heads` names a later revision. */
function isBehind(key: string, heads: HeadsRecord): boolean {
	const at = key.lastIndexOf("@");
	const name = key.slice(0, at);
	const isShared = name === "messages" || name === "denied";
	const named = isShared ? heads[name] : productRevision(heads, name.slice("product:".length));
	return Number(key.slice(at + 1)) < named;
}
