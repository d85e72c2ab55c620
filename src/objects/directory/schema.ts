// The tables of the Directory, as they are made with its first change. Times are unix seconds; what a column holds that is
// more than its name says stands beside it.
import { AUDIT_TABLES } from "../audit.ts";
import { OUTBOX_TABLES } from "../outbox/outbox-rows.ts";
import { OUTDATED_TABLES } from "../outbox/outdated-revisions.ts";
import type { Schema } from "../schema.ts";
import { WEBHOOK_TABLES } from "../webhooks/webhook-tables.ts";
import { DENIAL_TABLES } from "./denial-tables.ts";
import { FACTORY_TABLES } from "./factory-list.ts";
import { CLAIM_TABLES } from "./package-claims.ts";
import { PROBE_TABLES } from "./probe-desk.ts";
import { REQUIREMENT_TABLES } from "./requirement-list.ts";
import { ROUND_TABLES } from "./rounds.ts";
import { PARTS_TABLE, UPLOAD_TABLES } from "./upload-quota.ts";

export const DIRECTORY_SCHEMA: Schema = {
	tables: [
		`CREATE TABLE accounts (
			seq INTEGER PRIMARY KEY AUTOINCREMENT,
			id TEXT NOT NULL UNIQUE,
			name TEXT NOT NULL,
			folded_name TEXT NOT NULL, -- as names are compared (plain-text.ts)
			name_version INTEGER NOT NULL DEFAULT 0, -- how often it was renamed
			created_at INTEGER NOT NULL,
			closed_at INTEGER -- null = it is open
		)`,
		"CREATE INDEX accounts_by_name ON accounts (folded_name)",
		`CREATE TABLE products (
			name TEXT PRIMARY KEY,
			title TEXT NOT NULL,
			version_order TEXT NOT NULL DEFAULT 'vendor', -- VersionOrder (content/releases/product-record.ts); the Product's is what counts
			created_at INTEGER NOT NULL, -- 0 = its first release came before its entry
			revision INTEGER NOT NULL DEFAULT 0, -- of its newest published record; 0 = none yet
			entitled TEXT NOT NULL DEFAULT 'licensed', -- Entitled (entitlement/entitled.ts), as that record's product has it
			emergency_until INTEGER NOT NULL DEFAULT 0 -- until then that record has news of an emergency; 0 = it has none
		) WITHOUT ROWID`,
		`CREATE TABLE messages (
			sequence INTEGER PRIMARY KEY AUTOINCREMENT, -- of the newest wave; never used twice
			id TEXT NOT NULL UNIQUE,
			body TEXT NOT NULL -- JSON: a Message
		)`,
		`CREATE TABLE credentials (
			seq INTEGER PRIMARY KEY AUTOINCREMENT,
			id TEXT NOT NULL UNIQUE,
			hash TEXT NOT NULL UNIQUE, -- keyed; the API key itself is known to its holder alone
			subject TEXT NOT NULL,
			scopes TEXT NOT NULL, -- JSON list
			team TEXT, -- for which its holder speaks in rollouts
			expires_at INTEGER, -- null = never
			revoked INTEGER NOT NULL DEFAULT 0, -- 0, 1
			created_at INTEGER NOT NULL,
			created_by TEXT NOT NULL -- id of the key that made it, or bootstrap
		)`,
		...DENIAL_TABLES,
		`CREATE TABLE revisions (
			name TEXT PRIMARY KEY, -- heads, messages, denied
			revision INTEGER NOT NULL
		) WITHOUT ROWID`,
		...AUDIT_TABLES,
		...WEBHOOK_TABLES,
		...OUTBOX_TABLES,
		...OUTDATED_TABLES,
		...ROUND_TABLES,
		...UPLOAD_TABLES,
		...CLAIM_TABLES,
		...PROBE_TABLES,
		...REQUIREMENT_TABLES,
		...FACTORY_TABLES,
	],
	steps: [
		(sql) => sql.exec("ALTER TABLE products ADD COLUMN entitled TEXT NOT NULL DEFAULT 'licensed'"),
		(sql) => sql.exec(PARTS_TABLE),
		(sql) => {
			for (const table of REQUIREMENT_TABLES) sql.exec(table);
		},
		(sql) => {
			for (const statement of FACTORY_TABLES) sql.exec(statement);
		},
		(sql) => {
			for (const table of PROBE_TABLES) sql.exec(table);
		},
	],
};
