// The rule indexes of a product's versions: which bytes each is, and what it came to when it was read. Each method is synchronous and runs
// in its caller's transaction. Bytes are under their own digest beside the packages, and are kept and collected as those are.
import { mayBind } from "../../../content/package-claim.ts";
import type { IndexTotals } from "../../../content/rule-index/index-reader.ts";
import type { Change, WriteProductAudit } from "../../audit.ts";
import type { ProductTables } from "../product-tables.ts";

export const RULE_INDEX_TABLES = [
	`CREATE TABLE rule_indexes (
		version TEXT PRIMARY KEY,
		sha256 TEXT NOT NULL, -- of the index
		size INTEGER NOT NULL, -- bytes
		rules INTEGER NOT NULL,
		blocking INTEGER NOT NULL, -- rules that block
		cves TEXT NOT NULL -- JSON list, each once, in their order
	) WITHOUT ROWID`,
	"CREATE INDEX rule_indexes_by_digest ON rule_indexes (sha256)",
];

/** What of an index is known without reading it. */
export interface RuleIndexEntry extends Omit<IndexTotals, "cves"> {
	readonly version: string;
	readonly sha256: string;
	/** bytes */
	readonly size: number;
}

export interface NewRuleIndex extends RuleIndexEntry, IndexTotals {
	/** SHA-256 of the package that it is of */
	readonly target: string;
	/** end of the upload's claim on the digest, unix seconds */
	readonly claimedUntil: number;
}

export type AddedRuleIndex =
	| { readonly ok: true; readonly kind: "new" | "same" }
	/** other_bytes: the version has another package */
	| { readonly ok: false; readonly reason: "no_package" | "released" | "other_bytes" | "claim_ended" };

type RuleIndexRow = { version: string; sha256: string; size: number; rules: number; blocking: number };

export class RuleIndexDesk {
	readonly #sql: SqlStorage;
	readonly #tables: ProductTables;
	readonly #audit: WriteProductAudit;

	constructor(sql: SqlStorage, tables: ProductTables, audit: WriteProductAudit) {
		this.#sql = sql;
		this.#tables = tables;
		this.#audit = audit;
	}

	/**
	 * Binds an index that is stored and was read to a version, in place of an earlier one. What is released keeps the index that it
	 * has, and may be given one where it has none.
	 * @param now of the object, unix seconds
	 */
	add(input: Change & NewRuleIndex, now: number): AddedRuleIndex {
		const { version, target, sha256, size, rules, blocking, cves } = input;
		const release = this.#tables.release(version);
		if (release === null) return { ok: false, reason: "no_package" };
		if (release.sha256 !== target) return { ok: false, reason: "other_bytes" };
		const known = this.of(version);
		if (known?.sha256 === sha256) return { ok: true, kind: "same" };
		if (known !== null && release.status !== "uploaded") return { ok: false, reason: "released" };
		if (!mayBind(input.claimedUntil, now)) return { ok: false, reason: "claim_ended" };
		const query =
			"INSERT OR REPLACE INTO rule_indexes (version, sha256, size, rules, blocking, cves) VALUES (?, ?, ?, ?, ?, ?)";
		this.#sql.exec(query, version, sha256, size, rules, blocking, JSON.stringify(cves));
		this.#audit(input, "package.add", version, `${sha256}, index of ${rules} rules`);
		return { ok: true, kind: "new" };
	}

	/** With a version that is discarded. */
	drop(version: string): void {
		this.#sql.exec("DELETE FROM rule_indexes WHERE version = ?", version);
	}

	/** @returns null = the version has none */
	of(version: string): (RuleIndexEntry & IndexTotals) | null {
		const query = "SELECT * FROM rule_indexes WHERE version = ?";
		const row = this.#sql.exec<RuleIndexRow & { cves: string }>(query, version).toArray()[0];
		return row === undefined ? null : { ...row, cves: JSON.parse(row.cves) as string[] };
	}

	/** @param withCves false = their lists are left empty, unread @returns those of the versions that have one */
	ofVersions(versions: readonly string[], withCves: boolean): (RuleIndexEntry & IndexTotals)[] {
		const cves = withCves ? "cves" : "'[]' AS cves";
		const query = `SELECT version, sha256, size, rules, blocking, ${cves} FROM rule_indexes
			WHERE version IN (SELECT value FROM json_each(?))`;
		const rows = this.#sql.exec<RuleIndexRow & { cves: string }>(query, JSON.stringify(versions)).toArray();
		return rows.map((row) => ({ ...row, cves: JSON.parse(row.cves) as string[] }));
	}

	/** @param cve in its one form (CVE-2021-44228) @returns of every version that has one: whether its rules name the CVE */
	naming(cve: string): (RuleIndexEntry & { readonly isNamed: boolean })[] {
		// Between quotes a CVE is in the list or not: none is a part of another.
		const query =
			"SELECT version, sha256, size, rules, blocking, instr(cves, ?) > 0 AS named FROM rule_indexes ORDER BY version";
		const rows = this.#sql.exec<RuleIndexRow & { named: number }>(query, JSON.stringify(cve)).toArray();
		return rows.map(({ named, ...row }) => ({ ...row, isNamed: named === 1 }));
	}

	/** @returns those of the digests that some index has */
	among(sha256s: readonly string[]): string[] {
		const query = "SELECT DISTINCT sha256 FROM rule_indexes WHERE sha256 IN (SELECT value FROM json_each(?))";
		const rows = this.#sql.exec<{ sha256: string }>(query, JSON.stringify(sha256s)).toArray();
		return rows.map(({ sha256 }) => sha256);
	}
}
