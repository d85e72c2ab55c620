// The rules of a product's content that its devices leave out: who disabled each, when and why. Synchronous, in the caller's
// transaction; each change is told rule by rule, and known to the edges with the product's record.
import { MAX_DISABLED_RULES } from "../../../content/releases/disabled-rules.ts";
import type { Change, WriteProductAudit } from "../../audit.ts";

export const DISABLED_RULE_TABLES = [
	`CREATE TABLE disabled_rules (
		rule TEXT PRIMARY KEY,
		at INTEGER NOT NULL,
		by TEXT NOT NULL, -- subject of the key
		reason TEXT NOT NULL
	) WITHOUT ROWID`,
];

export interface DisabledRule {
	readonly rule: string;
	/** unix seconds */
	readonly at: number;
	readonly by: string;
	readonly reason: string;
}

export interface RulesChange extends Change {
	readonly rules: readonly string[];
	readonly reason: string;
}

export type RulesChanged =
	| { readonly ok: true; readonly changed: boolean }
	/** `count`: how many it would be */
	| { readonly ok: false; readonly reason: "too_many_rules"; readonly count: number };

/** With all that are disabled afterwards, and whether every store has them. */
export interface RulesSet {
	readonly ok: true;
	readonly changed: boolean;
	readonly rules: DisabledRule[];
	readonly published: boolean;
}

export class DisabledRules {
	readonly #sql: SqlStorage;
	readonly #audit: WriteProductAudit;

	constructor(sql: SqlStorage, audit: WriteProductAudit) {
		this.#sql = sql;
		this.#audit = audit;
	}

	/** @returns in the order of their ids */
	list(): DisabledRule[] {
		return this.#sql
			.exec<{ rule: string; at: number; by: string; reason: string }>("SELECT * FROM disabled_rules ORDER BY rule")
			.toArray();
	}

	/** @param publish called where anything changed; part of the transaction */
	order(what: "disable" | "enable", change: RulesChange, publish: (now: number) => void): RulesChanged {
		const done = this[what](change);
		if (done.ok && done.changed) publish(change.now);
		return done;
	}

	/** All of them or none. One that is disabled already keeps its first reason. */
	disable(change: RulesChange): RulesChanged {
		const known = new Set(this.list().map(({ rule }) => rule));
		const added = [...new Set(change.rules)].filter((rule) => !known.has(rule));
		const count = known.size + added.length;
		if (count > MAX_DISABLED_RULES) return { ok: false, reason: "too_many_rules", count };
		for (const rule of added) {
			const query = "INSERT INTO disabled_rules (rule, at, by, reason) VALUES (?, ?, ?, ?)";
			this.#sql.exec(query, rule, change.now, change.actor, change.reason);
			this.#audit(change, "rule.disable", rule, change.reason);
		}
		return { ok: true, changed: added.length > 0 };
	}

	/** Those that are not disabled are passed over. */
	enable(change: RulesChange): RulesChanged {
		const removed = change.rules.filter(
			(rule) => this.#sql.exec("DELETE FROM disabled_rules WHERE rule = ? RETURNING rule", rule).toArray().length > 0,
		);
		for (const rule of removed) this.#audit(change, "rule.enable", rule, change.reason);
		return { ok: true, changed: removed.length > 0 };
	}
}
