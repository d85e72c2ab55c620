// The rows of a Product's rollouts: each rollout's state, what persons said, what its steps have shown, and its log. Plain
// synchronous SQL; the leases are in lease-tables.ts, the rules in src/rollout.
import type { Channel } from "../../../content/releases/channel.ts";
import type { Regression } from "../../../fleet/regression.ts";
import type { Approval } from "../../../rollout/approvals.ts";
import { NO_STEP_EVIDENCE, type StepEvidence } from "../../../rollout/evidence.ts";
import { isOver, type Rollout } from "../../../rollout/rollout.ts";
import type { LogEntry } from "../../../rollout/rollout-log.ts";
import { CONTROL_TABLES } from "./control-tables.ts";
import { LEASE_TABLES } from "./lease-tables.ts";

export const ROLLOUT_TABLES = [
	`CREATE TABLE rollouts (
		version TEXT PRIMARY KEY,
		active INTEGER NOT NULL, -- 0, 1: it may still move
		due_at INTEGER, -- when time alone may move it, or its leases are to be dropped; null = only news does
		state TEXT NOT NULL, -- JSON: Rollout
		regressed TEXT -- JSON: ToldRegression; null = none was told since everybody may have it
	) WITHOUT ROWID`,
	"CREATE INDEX rollouts_due ON rollouts (due_at) WHERE due_at IS NOT NULL",
	`CREATE TABLE approvals (
		seq INTEGER PRIMARY KEY AUTOINCREMENT,
		version TEXT NOT NULL,
		approval TEXT NOT NULL -- JSON: Approval
	)`,
	"CREATE INDEX approvals_version ON approvals (version)",
	// Without a hash it waits to be chained to the one before: hashes are made outside of the transaction of the turn.
	`CREATE TABLE rollout_log (
		version TEXT NOT NULL,
		seq INTEGER NOT NULL, -- from 1
		at INTEGER NOT NULL,
		input TEXT NOT NULL, -- JSON: LogInput
		turns TEXT NOT NULL, -- JSON list of Turn
		previous TEXT,
		hash TEXT,
		PRIMARY KEY (version, seq)
	) WITHOUT ROWID`,
	"CREATE INDEX rollout_log_open ON rollout_log (version, seq) WHERE hash IS NULL",
	...LEASE_TABLES,
	...CONTROL_TABLES,
];

/** What was told of a release that everybody may have. */
export interface ToldRegression extends Regression {
	/** unix seconds */
	readonly at: number;
}

/** An entry before it is chained. */
export type OpenLogEntry = Pick<LogEntry, "at" | "input" | "turns">;

type LogRow = { seq: number; at: number; input: string; turns: string; previous: string | null; hash: string | null };

/** A count that is raised. All but `models` and `healthy` only grow. */
export type StepCount = "permits" | "healthy" | "failed" | "unhealthy" | "silent" | "excused" | "models";

type CountRow = { version: string; step: number } & Record<StepCount, number>;

export class RolloutTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	rollout(version: string): Rollout | null {
		const query = "SELECT state FROM rollouts WHERE version = ?";
		const row = this.#sql.exec<{ state: string }>(query, version).toArray()[0];
		return row === undefined ? null : (JSON.parse(row.state) as Rollout);
	}

	/** When time alone may move it is not known then: see `setDue`. Nor is it a regression then: it goes on, or begins anew. */
	save(version: string, rollout: Rollout): void {
		const query = "INSERT OR REPLACE INTO rollouts (version, active, state) VALUES (?, ?, ?)";
		this.#sql.exec(query, version, isOver(rollout) ? 0 : 1, JSON.stringify(rollout));
	}

	/** @returns null = none was told */
	regression(version: string): ToldRegression | null {
		const query = "SELECT regressed FROM rollouts WHERE version = ?";
		const text = this.#sql.exec<{ regressed: string | null }>(query, version).toArray()[0]?.regressed ?? null;
		return text === null ? null : (JSON.parse(text) as ToldRegression);
	}

	saveRegression(version: string, told: ToldRegression): void {
		this.#sql.exec("UPDATE rollouts SET regressed = ? WHERE version = ?", JSON.stringify(told), version);
	}

	/** @param since unix seconds @returns versions that are told to be regressions since and are not withdrawn, newest release first */
	regressions(since: number): string[] {
		const query = `SELECT version FROM rollouts JOIN releases USING (version)
			WHERE regressed ->> 'at' >= ? AND withdrawn_at IS NULL ORDER BY sequence DESC`;
		return this.#sql
			.exec<{ version: string }>(query, since)
			.toArray()
			.map(({ version }) => version);
	}

	/** @param dueAt unix seconds at which time alone may move it; null = nothing but news does */
	setDue(version: string, dueAt: number | null): void {
		this.#sql.exec("UPDATE rollouts SET due_at = ? WHERE version = ? AND due_at IS NOT ?", dueAt, version, dueAt);
	}

	/** @param channel null = of both @returns versions whose rollouts may still move, newest release first */
	active(channel: Channel | null = null): string[] {
		const query = `SELECT version FROM rollouts JOIN releases USING (version)
			WHERE active = 1 AND channel = COALESCE(?, channel) ORDER BY sequence DESC`;
		return this.#sql
			.exec<{ version: string }>(query, channel)
			.toArray()
			.map(({ version }) => version);
	}

	/** @returns unix seconds; null = time alone moves none */
	earliestDue(): number | null {
		const query = "SELECT MIN(due_at) AS due FROM rollouts WHERE due_at IS NOT NULL";
		return this.#sql.exec<{ due: number | null }>(query).one().due;
	}

	due(now: number): string[] {
		const query = "SELECT version FROM rollouts WHERE due_at <= ?";
		return this.#sql
			.exec<{ version: string }>(query, now)
			.toArray()
			.map(({ version }) => version);
	}

	addApproval(version: string, approval: Approval): void {
		this.#sql.exec("INSERT INTO approvals (version, approval) VALUES (?, ?)", version, JSON.stringify(approval));
	}

	/** Of a release that was promoted: they were about beta, and are in the log. */
	forgetApprovals(version: string): void {
		this.#sql.exec("DELETE FROM approvals WHERE version = ?", version);
	}

	approvals(version: string): Approval[] {
		return this.#sql
			.exec<{ approval: string }>("SELECT approval FROM approvals WHERE version = ? ORDER BY seq", version)
			.toArray()
			.map(({ approval }) => JSON.parse(approval) as Approval);
	}

	/** Of each step that has begun. `overdue` is 0: it depends on the time, see `LeaseTables.overdue`. */
	counts(version: string): StepEvidence[] {
		const steps: StepEvidence[] = [];
		const query = "SELECT * FROM step_counts WHERE version = ? ORDER BY step";
		for (const row of this.#sql.exec<CountRow>(query, version).toArray()) {
			const { version: _, step, ...counts } = row;
			while (steps.length < step) steps.push(NO_STEP_EVIDENCE);
			steps.push({ ...counts, overdue: 0 });
		}
		return steps;
	}

	/** @param what `relapsed`: one that is healthy less */
	count(version: string, step: number, ...what: readonly (StepCount | "relapsed")[]): void {
		this.#sql.exec(
			`INSERT INTO step_counts (version, step) VALUES (?, ?) ON CONFLICT (version, step) DO NOTHING`,
			version,
			step,
		);
		const changes = what.map((name) => (name === "relapsed" ? "healthy = healthy - 1" : `${name} = ${name} + 1`));
		this.#sql.exec(`UPDATE step_counts SET ${changes.join(", ")} WHERE version = ? AND step = ?`, version, step);
	}

	/** The step has no unit of one of its models any more. */
	discountModel(version: string, step: number): void {
		const query = "UPDATE step_counts SET models = models - 1 WHERE version = ? AND step = ? AND models > 0";
		this.#sql.exec(query, version, step);
	}

	/** Part of the transaction of the turn. */
	log(version: string, { at, input, turns }: OpenLogEntry): void {
		this.#sql.exec(
			`INSERT INTO rollout_log (version, seq, at, input, turns)
				VALUES (?1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM rollout_log WHERE version = ?1), ?2, ?3, ?4)`,
			version,
			at,
			JSON.stringify(input),
			JSON.stringify(turns),
		);
	}

	/** @returns the first entry that is not chained yet, and the one before it */
	firstOpen(version: string): { seq: number; entry: OpenLogEntry; last: Pick<LogEntry, "seq" | "hash"> | null } | null {
		const query = "SELECT * FROM rollout_log WHERE version = ? AND hash IS NULL ORDER BY seq LIMIT 1";
		const row = this.#sql.exec<LogRow>(query, version).toArray()[0];
		if (row === undefined) return null;
		const before = "SELECT * FROM rollout_log WHERE version = ? AND seq = ?";
		const last = this.#sql.exec<LogRow>(before, version, row.seq - 1).toArray()[0];
		const { at, input, turns } = entryOf(row);
		const hash = last?.hash ?? null;
		return { seq: row.seq, entry: { at, input, turns }, last: hash === null ? null : { seq: row.seq - 1, hash } };
	}

	chain(version: string, { seq, previous, hash }: LogEntry): void {
		const query = "UPDATE rollout_log SET previous = ?, hash = ? WHERE version = ? AND seq = ? AND hash IS NULL";
		this.#sql.exec(query, previous, hash, version, seq);
	}

	/** @param after place after which to begin; 0 = from the first @returns entries that are chained */
	entries(version: string, after: number, limit: number): LogEntry[] {
		const query = `SELECT * FROM rollout_log WHERE version = ? AND seq > ? AND hash IS NOT NULL ORDER BY seq LIMIT ?`;
		return this.#sql.exec<LogRow>(query, version, after, limit).toArray().map(entryOf);
	}
}

function entryOf({ seq, at, input, turns, previous, hash }: LogRow): LogEntry {
	return {
		...{ seq, at, previous: previous ?? "", hash: hash ?? "" },
		input: JSON.parse(input) as LogEntry["input"],
		turns: JSON.parse(turns) as LogEntry["turns"],
	};
}
