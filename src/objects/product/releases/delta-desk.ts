// The deltas of a product's releases: which version has one from which other. Each method is synchronous and runs in its caller's
// transaction. Bytes are under their own digest beside the packages, and are kept and collected as those are.

import { mayBind } from "../../../content/package-claim.ts";
import { type Delta, MAX_DELTAS, RELEASES_WITH_DELTAS } from "../../../content/releases/delta.ts";
import type { Release } from "../../../content/releases/product-record.ts";
import type { Change, WriteProductAudit } from "../../audit.ts";
import type { ProductTables } from "../product-tables.ts";

export const DELTA_TABLES = [
	`CREATE TABLE deltas (
		version TEXT NOT NULL, -- of the release that it makes
		base TEXT NOT NULL, -- version of the release that it needs; '' = none, it is a packed copy
		base_sha256 TEXT, -- null with base ''
		sha256 TEXT NOT NULL, -- of the delta
		size INTEGER NOT NULL, -- bytes
		PRIMARY KEY (version, base)
	) WITHOUT ROWID`,
	"CREATE INDEX deltas_by_digest ON deltas (sha256)",
];

export interface NewDelta extends Delta {
	readonly version: string;
	/** SHA-256 of the release that it makes */
	readonly target: string;
	/** end of the upload's claim on the digest, unix seconds */
	readonly claimedUntil: number;
}

export type AddedDelta =
	| { readonly ok: true; readonly kind: "new" | "same" }
	/** other_bytes: of the version or its base the product has other bytes, or none */
	| {
			readonly ok: false;
			readonly reason: "no_package" | "released" | "other_bytes" | "too_many_deltas" | "claim_ended";
	  };

type DeltaRow = { version: string; base: string; base_sha256: string | null; sha256: string; size: number };

export class DeltaDesk {
	readonly #sql: SqlStorage;
	readonly #tables: ProductTables;
	readonly #audit: WriteProductAudit;

	constructor(sql: SqlStorage, tables: ProductTables, audit: WriteProductAudit) {
		this.#sql = sql;
		this.#tables = tables;
		this.#audit = audit;
	}

	/**
	 * Binds bytes that are stored already to a version that is not released yet, in place of an earlier delta from the same base.
	 * @param now of the object, unix seconds
	 */
	add(input: Change & NewDelta, now: number): AddedDelta {
		const { version, target, from, sha256, size } = input;
		const release = this.#tables.release(version);
		if (release === null) return { ok: false, reason: "no_package" };
		const base = from === null ? null : this.#tables.release(from.version);
		if (release.sha256 !== target || base?.sha256 !== from?.sha256) return { ok: false, reason: "other_bytes" };
		const known = this.#rows([version]);
		const same = known.find((one) => one.base === (from?.version ?? ""));
		if (same?.sha256 === sha256) return { ok: true, kind: "same" };
		if (release.status !== "uploaded") return { ok: false, reason: "released" };
		if (same === undefined && known.length >= MAX_DELTAS) return { ok: false, reason: "too_many_deltas" };
		if (!mayBind(input.claimedUntil, now)) return { ok: false, reason: "claim_ended" };
		const query = "INSERT OR REPLACE INTO deltas (version, base, base_sha256, sha256, size) VALUES (?, ?, ?, ?, ?)";
		this.#sql.exec(query, version, from?.version ?? "", from?.sha256 ?? null, sha256, size);
		this.#audit(input, "package.add", version, `${sha256}, ${from === null ? "packed" : `delta from ${from.version}`}`);
		return { ok: true, kind: "new" };
	}

	/** With a version that is discarded. */
	drop(version: string): void {
		this.#sql.exec("DELETE FROM deltas WHERE version = ?", version);
	}

	/** @returns those of the digests that some delta has */
	among(sha256s: readonly string[]): string[] {
		const query = "SELECT DISTINCT sha256 FROM deltas WHERE sha256 IN (SELECT value FROM json_each(?))";
		const rows = this.#sql.exec<{ sha256: string }>(query, JSON.stringify(sha256s)).toArray();
		return rows.map(({ sha256 }) => sha256);
	}

	/** @param releases in any order @returns them, the newest that can be offered with their deltas */
	addTo(releases: readonly Release[]): Release[] {
		const offered = releases.filter(({ withdrawn }) => !withdrawn).toSorted((a, b) => b.sequence - a.sequence);
		const rows = this.#rows(offered.slice(0, RELEASES_WITH_DELTAS).map(({ version }) => version));
		const deltas = Map.groupBy(rows, ({ version }) => version);
		return releases.map((release) => {
			const own = deltas.get(release.version);
			return own === undefined ? release : { ...release, deltas: own.map(deltaOf) };
		});
	}

	#rows(versions: readonly string[]): DeltaRow[] {
		const query = "SELECT * FROM deltas WHERE version IN (SELECT value FROM json_each(?)) ORDER BY version, size";
		return this.#sql.exec<DeltaRow>(query, JSON.stringify(versions)).toArray();
	}
}

function deltaOf({ base, base_sha256: fromSha256, sha256, size }: DeltaRow): Delta {
	return { from: fromSha256 === null ? null : { version: base, sha256: fromSha256 }, sha256, size };
}
