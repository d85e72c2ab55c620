// How many bytes each API key has announced to upload today (UTC): a key that was stolen, or a pipeline that has gone wild, fills no
// bucket. Counted before the bytes come, so an upload that breaks off counts too. Plain synchronous SQL.

export const UPLOAD_TABLES = [
	`CREATE TABLE uploads_of_day ( -- one row for each API key that uploads
		key TEXT PRIMARY KEY, -- its id, or bootstrap
		day INTEGER NOT NULL, -- since 1970, UTC
		bytes INTEGER NOT NULL -- announced on that day
	) WITHOUT ROWID`,
];

export interface Upload {
	/** id of the API key, or `bootstrap` */
	readonly key: string;
	/** that it announces */
	readonly bytes: number;
	/** that one key may announce in a day */
	readonly quota: number;
	/** unix seconds */
	readonly now: number;
}

export interface QuotaRefusal {
	/** bytes that would still be taken today */
	readonly left: number;
	/** seconds until the day ends */
	readonly retryAfter: number;
}

const DAY = 86_400;

/** Counts the upload. @returns null; or why not, where it goes beyond the key's quota of the day: then nothing is counted */
export function countUpload(sql: SqlStorage, { key, bytes, quota, now }: Upload): QuotaRefusal | null {
	const query = "SELECT day, bytes FROM uploads_of_day WHERE key = ?";
	const [known = { day: 0, bytes: 0 }] = sql.exec<{ day: number; bytes: number }>(query, key).toArray();
	// A request from before midnight that arrives after one of the new day counts for that: what was counted is not forgotten.
	const day = Math.max(Math.floor(now / DAY), known.day);
	const counted = known.day === day ? known.bytes : 0;
	if (counted + bytes > quota) {
		// Negative where the quota was lowered during the day.
		return { left: Math.max(0, quota - counted), retryAfter: (day + 1) * DAY - now };
	}
	sql.exec("INSERT OR REPLACE INTO uploads_of_day (key, day, bytes) VALUES (?, ?, ?)", key, day, counted + bytes);
	return null;
}
