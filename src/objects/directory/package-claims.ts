// Which digests are being uploaded and which are being removed: a digest has one claim at most, and each claim ends by itself. Says
// nothing of whether a release has the bytes; only the products know that. Plain synchronous SQL, in the caller's transaction.
import { REMOVAL_CLAIM_SECONDS, UPLOAD_CLAIM_SECONDS } from "../../content/package-claim.ts";
import { type Change, SERVICE, type WriteDeploymentAudit } from "../audit.ts";

export const CLAIM_TABLES = [
	`CREATE TABLE package_claims (
		sha256 TEXT PRIMARY KEY,
		until INTEGER NOT NULL,
		removed_by TEXT -- who has the bytes removed; null = they are being uploaded
	) WITHOUT ROWID`,
	"CREATE INDEX package_claims_by_end ON package_claims (until)",
];

export interface RemovalClaim {
	/** unix seconds, by the Directory's clock */
	readonly until: number;
	/** digests whose bytes may be removed; the others are claimed by somebody else */
	readonly sha256s: readonly string[];
}

/** How a removal ended. What is in neither list may still happen, and keeps its claim. */
export interface RemovalEnd {
	/** of the claim */
	readonly until: number;
	readonly removed: readonly { readonly sha256: string; readonly size: number }[];
	/** whose bytes stay */
	readonly kept: readonly string[];
}

/** Ended claims that one call sweeps at most, beside those of its own digests. */
const SWEPT = 100;

export class PackageClaims {
	readonly #sql: SqlStorage;
	readonly #audit: WriteDeploymentAudit;

	constructor(sql: SqlStorage, audit: WriteDeploymentAudit) {
		this.#sql = sql;
		this.#audit = audit;
	}

	/** @returns those of the digests that are being uploaded or removed */
	among(sha256s: readonly string[], now: number): string[] {
		const query = "SELECT sha256 FROM package_claims WHERE until > ? AND sha256 IN (SELECT value FROM json_each(?))";
		return this.#digests(query, now, JSON.stringify(sha256s));
	}

	/** @returns end of the removal that has a claim on the digest, unix seconds; null = none has */
	removedUntil(sha256: string, now: number): number | null {
		this.#sweep([sha256], now);
		const query = "SELECT until FROM package_claims WHERE sha256 = ? AND removed_by IS NOT NULL";
		return this.#sql.exec<{ until: number }>(query, sha256).toArray()[0]?.until ?? null;
	}

	/** Only where no removal has a claim (`removedUntil`). @returns end of the claim, unix seconds */
	claimForUpload(sha256: string, now: number): number {
		const query = `INSERT INTO package_claims (sha256, until) VALUES (?, ?)
			ON CONFLICT (sha256) DO UPDATE SET until = MAX(until, excluded.until) RETURNING until`;
		return this.#sql.exec<{ until: number }>(query, sha256, now + UPLOAD_CLAIM_SECONDS).one().until;
	}

	/** From now on none of the claimed digests can be uploaded, until `endRemoval` or the end of the claim. */
	claimForRemoval(sha256s: readonly string[], actor: string, now: number): RemovalClaim {
		this.#sweep(sha256s, now);
		const until = now + REMOVAL_CLAIM_SECONDS;
		// "WHERE true": without it SQLite takes ON for that of a join.
		const query = `INSERT INTO package_claims (sha256, until, removed_by) SELECT value, ?, ? FROM json_each(?) WHERE true
			ON CONFLICT (sha256) DO NOTHING RETURNING sha256`;
		return { until, sha256s: this.#digests(query, until, actor, JSON.stringify(sha256s)) };
	}

	endRemoval(change: Change, { until, removed, kept }: RemovalEnd): void {
		const ended = JSON.stringify([...removed.map(({ sha256 }) => sha256), ...kept]);
		// A claim of somebody else's would have begun after this one had ended, and so ends later.
		const query = `DELETE FROM package_claims
			WHERE until = ? AND removed_by IS NOT NULL AND sha256 IN (SELECT value FROM json_each(?))`;
		this.#sql.exec(query, until, ended);
		for (const { sha256, size } of removed) this.#audit(change, "package.remove", sha256, `${size} bytes`);
	}

	/** Drops claims that have ended, all of these digests among them. Of a removal whose end nobody told the trail says so. */
	#sweep(sha256s: readonly string[], now: number): void {
		const query = `DELETE FROM package_claims WHERE until <= ? AND (sha256 IN (SELECT value FROM json_each(?)) OR
			sha256 IN (SELECT sha256 FROM package_claims WHERE until <= ? ORDER BY until LIMIT ${SWEPT}))
			RETURNING sha256, removed_by`;
		type Row = { sha256: string; removed_by: string | null };
		const ended = this.#sql.exec<Row>(query, now, JSON.stringify(sha256s), now).toArray();
		for (const { sha256, removed_by: by } of ended) {
			if (by === null) continue;
			this.#audit({ actor: SERVICE, now }, "package.remove", sha256, `outcome unknown, wanted by ${by}`);
		}
	}

	#digests(query: string, ...values: (string | number)[]): string[] {
		return this.#sql
			.exec<{ sha256: string }>(query, ...values)
			.toArray()
			.map(({ sha256 }) => sha256);
	}
}
