// Puts of which nobody knows whether they were made: given up, failed, or under way when their object died. KV does not cancel
// what its caller has given up, so such a put can land minutes later, on top of a newer version. Hence the present version is
// owed again once no such put can land any more. Revisions never change, so there is no doubt about them.
import { isRevisionKey } from "../../storage/record-store.ts";
import type { Alarm } from "../alarm.ts";
import type { OutboxStep, RecordStep } from "./outbox-rows.ts";

/** Longer than a put was ever seen to stall. */
const SETTLED_AFTER_MS = 300_000;
const DOUBTS_PER_RUN = 100;

interface Doubt extends Record<string, SqlStorageValue> {
	readonly lane: string;
	readonly key: string;
	readonly since: number;
}

export interface DoubtsParts {
	readonly storage: DurableObjectStorage;
	readonly alarm: Alarm;
	/** @returns the record as it is now; null = there is none */
	readonly present: (key: string) => RecordStep | null;
	readonly owes: (key: string, lane: string) => boolean;
	/** adds a step to one lane */
	readonly add: (step: RecordStep, lane: string) => void;
}

export class Doubts {
	readonly #parts: DoubtsParts;
	readonly #sql: SqlStorage;

	constructor(parts: DoubtsParts) {
		this.#parts = parts;
		this.#sql = parts.storage.sql;
		parts.alarm.add({ dueMs: () => this.#dueMs(), run: async (nowMs) => this.#resolve(nowMs) });
	}

	/** A put of the step was given up, or may be under way. */
	note(lane: string, step: OutboxStep, nowMs: number): void {
		if (step.kind !== "record" || isRevisionKey(step.key)) return;
		const query = `INSERT INTO outbox_doubts (lane, key, since) VALUES (?, ?, ?)
			ON CONFLICT (lane, key) DO UPDATE SET since = excluded.since`;
		this.#sql.exec(query, lane, step.key, nowMs);
	}

	#dueMs(): number | null {
		const [first] = this.#oldest(1);
		return first === undefined ? null : first.since + SETTLED_AFTER_MS;
	}

	#resolve(nowMs: number): void {
		const { storage, present, owes, add } = this.#parts;
		storage.transactionSync(() => {
			for (const { lane, key, since } of this.#oldest(DOUBTS_PER_RUN)) {
				if (since + SETTLED_AFTER_MS > nowMs) break;
				const step = present(key);
				this.#sql.exec("DELETE FROM outbox_doubts WHERE lane = ? AND key = ?", lane, key);
				// What waits is tried anyway; if it fails, the doubt is back.
				if (step !== null && !owes(key, lane)) add(step, lane);
			}
		});
	}

	#oldest(limit: number): Doubt[] {
		return this.#sql
			.exec<Doubt>("SELECT lane, key, since FROM outbox_doubts WHERE since > 0 ORDER BY since LIMIT ?", limit)
			.toArray();
	}
}
