// What the updates of devices rest on, as rows. Plain synchronous SQL; the rule is in fleet/trust-anchors.ts.
import type { ToldAnchors } from "../../../fleet/trust-anchors.ts";

/** A row of its own, which changes once in months: that of device_states is written several times a day. */
export const ANCHOR_TABLE = `CREATE TABLE device_anchors ( -- of each device that has said what its updates rest on
	device TEXT PRIMARY KEY,
	told_at INTEGER NOT NULL, -- when it said so first, or again a week later
	tls_sha256 TEXT, -- of the TLS root that it saw; null = none
	tls_name TEXT,
	tls_ends INTEGER,
	tuf_version INTEGER, -- of its TUF root; null = it has none
	tuf_ends INTEGER,
	certificate_ends INTEGER -- null = it has none
) WITHOUT ROWID`;

export type AnchorColumns = {
	/** null where there is no row */
	told_at: number | null;
	tls_sha256: string | null;
	tls_name: string | null;
	tls_ends: number | null;
	tuf_version: number | null;
	tuf_ends: number | null;
	certificate_ends: number | null;
};

/** Of a query in which the table is called `a`. */
export const ANCHOR_COLUMNS =
	"a.told_at, a.tls_sha256, a.tls_name, a.tls_ends, a.tuf_version, a.tuf_ends, a.certificate_ends";

export class AnchorTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @returns null = the device has never said anything of them */
	anchors(device: string): ToldAnchors | null {
		return this.between(device, device).get(device) ?? null;
	}

	/** @returns those of devices whose ids lie between these two, both with them */
	between(first: string, last: string): Map<string, ToldAnchors> {
		const query = `SELECT a.device, ${ANCHOR_COLUMNS} FROM device_anchors AS a WHERE a.device BETWEEN ? AND ?`;
		const found = new Map<string, ToldAnchors>();
		for (const { device, ...columns } of this.#sql.exec<AnchorColumns & { device: string }>(query, first, last)) {
			const anchors = anchorsOf(columns);
			if (anchors !== null) found.set(device, anchors);
		}
		return found;
	}

	save(device: string, { toldAt, tlsRoot: tls, tufRoot: tuf, certificateEndsAt }: ToldAnchors): void {
		this.#sql.exec(
			`INSERT OR REPLACE INTO device_anchors
				(device, told_at, tls_sha256, tls_name, tls_ends, tuf_version, tuf_ends, certificate_ends)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			...[device, toldAt, tls?.sha256 ?? null, tls?.name ?? null, tls?.endsAt ?? null],
			...[tuf?.version ?? null, tuf?.endsAt ?? null, certificateEndsAt],
		);
	}
}

/** @returns null where there is no row */
export function anchorsOf(columns: AnchorColumns): ToldAnchors | null {
	const { told_at: toldAt, tls_sha256: sha256, tls_name: name, tls_ends, tuf_version: version, tuf_ends } = columns;
	if (toldAt === null) return null;
	return {
		toldAt,
		tlsRoot: sha256 === null || name === null || tls_ends === null ? null : { sha256, name, endsAt: tls_ends },
		tufRoot: version === null || tuf_ends === null ? null : { version, endsAt: tuf_ends },
		certificateEndsAt: columns.certificate_ends,
	};
}
