// Rows of a Product's validator and of what it says of each release. Plain synchronous SQL.
import type { HoldingState, Validation, ValidationState } from "../../../content/releases/validation.ts";

export const VALIDATION_TABLES = [
	`CREATE TABLE validator ( -- one row, once there was one
		id INTEGER PRIMARY KEY CHECK (id = 1),
		url TEXT, -- null = there is none any more
		kid TEXT NOT NULL, -- of the key in MAC_KEYS that its secret is derived from
		generation INTEGER NOT NULL, -- of the secret; one more each time that one is set after it was removed
		minutes INTEGER NOT NULL, -- for which an answer is waited for
		set_at INTEGER NOT NULL
	)`,
	`CREATE TABLE validations ( -- one row for each release that it was asked about
		version TEXT PRIMARY KEY,
		state TEXT NOT NULL, -- ValidationState (content/releases/validation.ts)
		asked_at INTEGER NOT NULL,
		due_at INTEGER NOT NULL,
		next_ms INTEGER, -- unix ms of the next attempt to ask; null = none is due
		failures INTEGER NOT NULL, -- attempts in a row
		told INTEGER NOT NULL, -- 0, 1: its silence was told
		answered_at INTEGER,
		answered_by TEXT,
		findings TEXT NOT NULL, -- JSON list
		reason TEXT,
		last_result TEXT
	) WITHOUT ROWID`,
];

export interface Validator {
	readonly url: string;
	readonly kid: string;
	readonly generation: number;
	readonly minutes: number;
	/** unix seconds */
	readonly setAt: number;
}

export interface StoredValidation extends Validation {
	readonly version: string;
	readonly nextMs: number | null;
	readonly failures: number;
	readonly told: boolean;
}

type ValidatorRow = { url: string | null; kid: string; generation: number; minutes: number; set_at: number };
type ValidationRow = {
	version: string;
	state: ValidationState;
	asked_at: number;
	due_at: number;
	next_ms: number | null;
	failures: number;
	told: 0 | 1;
	answered_at: number | null;
	answered_by: string | null;
	findings: string;
	reason: string | null;
	last_result: string | null;
};

export class ValidationTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/** @returns null = there is none */
	validator(): Validator | null {
		const row = this.#validatorRow();
		if (row === undefined || row.url === null) return null;
		return { url: row.url, kid: row.kid, generation: row.generation, minutes: row.minutes, setAt: row.set_at };
	}

	/** The secret stays while there is a validator, wherever that is. */
	setValidator({ url, kid, minutes, setAt }: Omit<Validator, "generation">): void {
		const known = this.#validatorRow();
		const isSame = known !== undefined && known.url !== null;
		const secret = isSame ? [known.kid, known.generation] : [kid, (known?.generation ?? 0) + 1];
		const query =
			"INSERT OR REPLACE INTO validator (id, url, kid, generation, minutes, set_at) VALUES (1, ?, ?, ?, ?, ?)";
		this.#sql.exec(query, url, ...secret, minutes, setAt);
	}

	removeValidator(): void {
		this.#sql.exec("UPDATE validator SET url = NULL");
	}

	/** @returns null = nobody was asked about the version */
	validation(version: string): StoredValidation | null {
		const [row] = this.#sql.exec<ValidationRow>("SELECT * FROM validations WHERE version = ?", version).toArray();
		return row === undefined ? null : validationOf(row);
	}

	save(one: StoredValidation): void {
		this.#sql.exec(
			`INSERT OR REPLACE INTO validations (version, state, asked_at, due_at, next_ms, failures, told, answered_at, answered_by, findings,
				reason, last_result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			...[one.version, one.state, one.askedAt, one.dueAt, one.nextMs, one.failures, one.told ? 1 : 0],
			...[one.answeredAt, one.by, JSON.stringify(one.findings), one.reason, one.lastResult],
		);
	}

	drop(version: string): void {
		this.#sql.exec("DELETE FROM validations WHERE version = ?", version);
	}

	/** @returns those that wait for an answer, the longest asked first */
	pending(): StoredValidation[] {
		const query = "SELECT * FROM validations WHERE state = 'pending' ORDER BY asked_at, version";
		return this.#sql.exec<ValidationRow>(query).toArray().map(validationOf);
	}

	/** @returns those that keep a release from its first step */
	holding(): [version: string, state: HoldingState][] {
		const query = "SELECT version, state FROM validations WHERE state IN ('pending', 'failed')";
		const rows = this.#sql.exec<{ version: string; state: HoldingState }>(query).toArray();
		return rows.map(({ version, state }) => [version, state]);
	}

	/** @returns unix ms at which somebody is asked, or silence is told; null = nothing is due */
	earliestMs(): number | null {
		const query = `SELECT MIN(MIN(IFNULL(next_ms, 9e15), IIF(told = 1, 9e15, due_at * 1000))) AS due
			FROM validations WHERE state = 'pending'`;
		const { due } = this.#sql.exec<{ due: number | null }>(query).one();
		return due === null || due >= 9e15 ? null : due;
	}

	#validatorRow(): ValidatorRow | undefined {
		return this.#sql.exec<ValidatorRow>("SELECT * FROM validator").toArray()[0];
	}
}

function validationOf(row: ValidationRow): StoredValidation {
	const { version, state, failures, reason } = row;
	return {
		...{
			version,
			state,
			failures,
			by: row.answered_by,
			reason,
			askedAt: row.asked_at,
			dueAt: row.due_at,
			nextMs: row.next_ms,
		},
		...{ told: row.told === 1, answeredAt: row.answered_at, findings: JSON.parse(row.findings) as string[] },
		lastResult: row.last_result,
	};
}
