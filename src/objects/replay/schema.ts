// The table of a ReplayGuard, as it is made with its first use.
import type { Schema } from "../schema.ts";

export const REPLAY_SCHEMA: Schema = {
	tables: [
		`CREATE TABLE used (
			id TEXT PRIMARY KEY, -- SHA-256, base64: client id and assertion id
			keep_until INTEGER NOT NULL -- unix seconds
		) WITHOUT ROWID`,
		"CREATE INDEX used_by_end ON used (keep_until)",
	],
	steps: [],
};
