// How many bytes each API key has announced to upload today (UTC): a key that was stolen, or a pipeline that has gone wild, fills no
// bucket. Counted before the bytes come, so an upload that breaks off counts too. And how many parts were announced of each package, which
// bytes do not bound: a part may have one. Plain synchronous SQL.

/** A table of later than the Directory's first version: see its steps. */
export const PARTS_TABLE = `CREATE TABLE parts_of_day ( -- one row for each package that comes in parts; those of earlier days are removed
	product TEXT NOT NULL,
	sha256 TEXT NOT NULL, -- of the whole package
	day INTEGER NOT NULL, -- since 1970, UTC
	parts INTEGER NOT NULL, -- announced on that day, each as often as it was
	PRIMARY KEY (product, sha256)
) WITHOUT ROWID`;

export const UPLOAD_TABLES = [
	PARTS_TABLE,
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
	/** The bytes were written and are none: they count, whatever the quota says. Not given = they are to come. */
	readonly isWasted?: boolean;
}

export interface QuotaRefusal {
	/** bytes that would still be taken today */
	readonly left: number;
	/** seconds until the day ends */
	readonly retryAfter: number;
}

const DAY = 86_400;

/** A package has 500 at most (routes/publisher/upload-parts.ts); each of them may be sent, or asked a URL for, four times. */
export const MAX_ANNOUNCED_PARTS = 2_000;

/** Counts the upload. @returns null; or why not, where it goes beyond the key's quota of the day: then nothing is counted */
export function countUpload(
	sql: SqlStorage,
	{ key, bytes, quota, now, isWasted = false }: Upload,
): QuotaRefusal | null {
	const query = "SELECT day, bytes FROM uploads_of_day WHERE key = ?";
	const [known = { day: 0, bytes: 0 }] = sql.exec<{ day: number; bytes: number }>(query, key).toArray();
	// A request from before midnight that arrives after one of the new day counts for that: what was counted is not forgotten.
	const day = Math.max(Math.floor(now / DAY), known.day);
	const counted = known.day === day ? known.bytes : 0;
	if (counted + bytes > quota && !isWasted) {
		// Negative where the quota was lowered during the day.
		return { left: Math.max(0, quota - counted), retryAfter: (day + 1) * DAY - now };
	}
	sql.exec("INSERT OR REPLACE INTO uploads_of_day (key, day, bytes) VALUES (?, ?, ?)", key, day, counted + bytes);
	return null;
}

type PartedPackage = { readonly product: string; readonly sha256: string; readonly now: number };

/** @returns null; or the seconds until another part of the package may be announced */
export function partsWait(sql: SqlStorage, { product, sha256, now }: PartedPackage): number | null {
	const query = "SELECT parts FROM parts_of_day WHERE product = ? AND sha256 = ? AND day >= ?";
	const day = Math.floor(now / DAY);
	const [known] = sql.exec<{ parts: number }>(query, product, sha256, day).toArray();
	return (known?.parts ?? 0) < MAX_ANNOUNCED_PARTS ? null : (day + 1) * DAY - now;
}

export function countPart(sql: SqlStorage, { product, sha256, now }: PartedPackage): void {
	const day = Math.floor(now / DAY);
	const upsert = `INSERT INTO parts_of_day (product, sha256, day, parts) VALUES (?, ?, ?, 1)
		ON CONFLICT DO UPDATE SET parts = IIF(day < excluded.day, 1, parts + 1), day = MAX(day, excluded.day)`;
	sql.exec(upsert, product, sha256, day);
	sql.exec("DELETE FROM parts_of_day WHERE day < ?", day);
}
