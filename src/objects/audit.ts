// Who changed what, and when: an append-only table in each object, written in the transaction of the change.

/** What every change brings with it. */
export interface Change {
	/** who does it: a credential's subject, or `code:<id>` and the device's id for what devices do themselves */
	readonly actor: string;
	/** unix seconds */
	readonly now: number;
}

export interface AuditEntry {
	/** unix seconds */
	readonly at: number;
	readonly actor: string;
	readonly action: string;
	/** id of the thing that was changed */
	readonly subject: string;
	/** never a secret: no code, no key, no token */
	readonly detail: string;
}

const MAX_DETAIL = 512;

export function createAuditTable(sql: SqlStorage): void {
	sql.exec(`CREATE TABLE IF NOT EXISTS audit (
		seq INTEGER PRIMARY KEY AUTOINCREMENT,
		at INTEGER NOT NULL,
		actor TEXT NOT NULL,
		action TEXT NOT NULL,
		subject TEXT NOT NULL,
		detail TEXT NOT NULL
	)`);
}

export function appendAudit(sql: SqlStorage, entry: AuditEntry): void {
	sql.exec(
		"INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
		entry.at,
		entry.actor,
		entry.action,
		entry.subject,
		entry.detail.slice(0, MAX_DETAIL),
	);
}

/** @returns the latest entries, newest first */
export function readAudit(sql: SqlStorage, limit: number): AuditEntry[] {
	return sql
		.exec<{ at: number; actor: string; action: string; subject: string; detail: string }>(
			"SELECT at, actor, action, subject, detail FROM audit ORDER BY seq DESC LIMIT ?",
			limit,
		)
		.toArray();
}
