// The one row with what a customer says of the updates of all devices. Plain synchronous SQL; the rules are read in
// src/entitlement/policy.
import type { PolicyRule } from "../../../entitlement/policy/account-policy.ts";

export const POLICY_TABLE = `CREATE TABLE policy ( -- one row; none = the account says nothing
	id INTEGER PRIMARY KEY CHECK (id = 1),
	version INTEGER NOT NULL, -- rises with each change
	rules TEXT NOT NULL, -- JSON: policyRules (entitlement/policy/account-policy.ts)
	changed_at INTEGER NOT NULL,
	spent_to INTEGER NOT NULL -- of its allowance of changes
)`;

export interface AccountPolicy {
	/** rises with each change; 0 = nothing was ever said */
	readonly version: number;
	readonly rules: readonly PolicyRule[];
	/** unix seconds; null = never */
	readonly changedAt: number | null;
	/** see entitlement/allowance.ts */
	readonly spentTo: number;
}

const NOTHING: AccountPolicy = { version: 0, rules: [], changedAt: null, spentTo: 0 };

export class PolicyTables {
	readonly #sql: SqlStorage;
	/** read for each device, and changed hardly ever */
	#known: AccountPolicy | null = null;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	policy(): AccountPolicy {
		const { version } = this.#sql.exec<{ version: number }>("SELECT version FROM policy").toArray()[0] ?? {
			version: 0,
		};
		if (version === 0) return NOTHING;
		// By its version: a transaction that is rolled back takes back what it wrote.
		if (this.#known?.version !== version) {
			const query = "SELECT rules, changed_at, spent_to FROM policy";
			const row = this.#sql.exec<{ rules: string; changed_at: number; spent_to: number }>(query).one();
			const rules = JSON.parse(row.rules) as PolicyRule[];
			this.#known = { version, rules, changedAt: row.changed_at, spentTo: row.spent_to };
		}
		return this.#known;
	}

	save({ version, rules, changedAt, spentTo }: AccountPolicy): void {
		const query = "INSERT OR REPLACE INTO policy (id, version, rules, changed_at, spent_to) VALUES (1, ?, ?, ?, ?)";
		this.#sql.exec(query, version, JSON.stringify(rules), changedAt, spentTo);
		this.#known = null;
	}
}
