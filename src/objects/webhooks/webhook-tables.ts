// The table of an object's webhook endpoints. One row has all that is known of an endpoint: where it is, how far it has
// been told of the audit trail, and how the last attempt went. Its secrets are named here, not kept. Plain synchronous SQL.
import type { AttemptFailure, DisableReason } from "../../events/webhook-attempt.ts";

/** Shared: a change of it needs a step in the schema of each object that has webhooks. */
export const WEBHOOK_TABLES = [
	`CREATE TABLE webhooks (
		id TEXT PRIMARY KEY,
		url TEXT NOT NULL,
		types TEXT NOT NULL, -- JSON list; empty = every event
		secrets TEXT NOT NULL, -- JSON list, the newest first: names of secrets, no secret
		created_at INTEGER NOT NULL,
		position INTEGER NOT NULL, -- place in the trail up to which it was told
		failures INTEGER NOT NULL, -- in a row
		next_attempt_ms INTEGER, -- unix ms; null = nothing waits
		disabled TEXT, -- why; null = it is not
		last_attempt_at INTEGER,
		last_status INTEGER,
		last_result TEXT
	) WITHOUT ROWID`,
];

export interface StoredSecret {
	/** of the key in MAC_KEYS that it is derived from */
	readonly kid: string;
	readonly generation: number;
	/** unix seconds after which it signs no more; null for the present one */
	readonly until: number | null;
}

export interface Webhook {
	readonly id: string;
	readonly url: string;
	/** as in events/event-type.ts; none = everything */
	readonly types: readonly string[];
	/** the newest first */
	readonly secrets: readonly StoredSecret[];
	/** unix seconds */
	readonly createdAt: number;
	/** place in the audit trail up to which everything has arrived */
	readonly position: number;
	/** failed attempts in a row */
	readonly failures: number;
	/** unix ms; null when nothing waits, or when it is disabled */
	readonly nextAttemptMs: number | null;
	readonly disabled: DisableReason | null;
	/** unix seconds; null before the first attempt */
	readonly lastAttemptAt: number | null;
	/** null when there was no answer */
	readonly lastStatus: number | null;
	readonly lastResult: "delivered" | AttemptFailure | null;
}

type WebhookRow = {
	id: string;
	url: string;
	types: string;
	secrets: string;
	created_at: number;
	position: number;
	failures: number;
	next_attempt_ms: number | null;
	disabled: DisableReason | null;
	last_attempt_at: number | null;
	last_status: number | null;
	last_result: Webhook["lastResult"];
};

export class WebhookTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	all(): Webhook[] {
		return this.#sql.exec<WebhookRow>("SELECT * FROM webhooks ORDER BY created_at, id").toArray().map(webhookOf);
	}

	webhook(id: string): Webhook | null {
		const row = this.#sql.exec<WebhookRow>("SELECT * FROM webhooks WHERE id = ?", id).toArray()[0];
		return row === undefined ? null : webhookOf(row);
	}

	/** Writes the row as it is given, in the place of one with that id. */
	save(webhook: Webhook): void {
		this.#sql.exec(
			`INSERT OR REPLACE INTO webhooks (id, url, types, secrets, created_at, position, failures, next_attempt_ms, disabled,
				last_attempt_at, last_status, last_result)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			webhook.id,
			webhook.url,
			JSON.stringify(webhook.types),
			JSON.stringify(webhook.secrets),
			webhook.createdAt,
			webhook.position,
			webhook.failures,
			webhook.nextAttemptMs,
			webhook.disabled,
			webhook.lastAttemptAt,
			webhook.lastStatus,
			webhook.lastResult,
		);
	}

	remove(id: string): void {
		this.#sql.exec("DELETE FROM webhooks WHERE id = ?", id);
	}

	/** @returns unix ms of the earliest attempt that is due, or null */
	earliestAttemptMs(): number | null {
		const { due } = this.#sql.exec<{ due: number | null }>("SELECT MIN(next_attempt_ms) AS due FROM webhooks").one();
		return due;
	}
}

function webhookOf(row: WebhookRow): Webhook {
	return {
		id: row.id,
		url: row.url,
		types: JSON.parse(row.types) as string[],
		secrets: JSON.parse(row.secrets) as StoredSecret[],
		createdAt: row.created_at,
		position: row.position,
		failures: row.failures,
		nextAttemptMs: row.next_attempt_ms,
		disabled: row.disabled,
		lastAttemptAt: row.last_attempt_at,
		lastStatus: row.last_status,
		lastResult: row.last_result,
	};
}
