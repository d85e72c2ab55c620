// The table behind an outbox: one row per step and lane, in the order of the changes. Synchronous SQL only, so that every
// method can be part of the owning object's transaction.
import type { DenialScope } from "../../content/denied-list.ts";
import { HEADS_KEY } from "../../storage/keys.ts";
import type { ProductHead } from "./product-head.ts";

export type OutboxStep =
	| { readonly kind: "record"; readonly key: string; readonly version: number; readonly body: unknown }
	| ({ readonly kind: "head" } & ProductHead)
	| {
			readonly kind: "pulse";
			/** null = the messages */
			readonly product: string | null;
			readonly revision: number;
			/** as of a head */
			readonly emergencyUntil: number;
	  }
	| {
			readonly kind: "deny";
			readonly scope: DenialScope;
			readonly id: string;
			readonly version: number;
			/** unix seconds after which no record and no token from before counts */
			readonly until: number;
	  }
	| {
			readonly kind: "allow";
			readonly scope: DenialScope;
			readonly id: string;
			readonly version: number;
			/** unix seconds until when the next denial is to last at least; 0 = there is nothing to remember */
			readonly until: number;
	  };

export type DenyStep = OutboxStep & { readonly kind: "deny" };
export type PulseStep = OutboxStep & { readonly kind: "pulse" };
export type RecordStep = OutboxStep & { readonly kind: "record" };

export type DenialStep = OutboxStep & { readonly kind: "deny" | "allow" };

/** A step that is delivered by itself. */
export type SingleStep = Exclude<OutboxStep, DenialStep>;

export interface OutboxRow<Step extends OutboxStep = OutboxStep> {
	readonly seq: number;
	readonly step: Step;
}

type SqlRow = { seq: number; step: string };

/** Shared: a change of it needs a step in the schema of each object that has an outbox. */
export const OUTBOX_TABLES = [
	`CREATE TABLE outbox (
		seq INTEGER PRIMARY KEY AUTOINCREMENT,
		lane TEXT NOT NULL, -- a store, directory, or pulses
		kind TEXT NOT NULL, -- record, head, deny, allow, pulse
		subject TEXT NOT NULL, -- of waiting steps on one subject the latest is kept, and what is in front of a waiting heads
		step TEXT NOT NULL, -- JSON: an OutboxStep
		failures INTEGER NOT NULL DEFAULT 0
	)`,
	"CREATE INDEX outbox_by_lane ON outbox (lane, seq)",
	"CREATE INDEX outbox_by_subject ON outbox (subject, lane, seq)",
	"CREATE INDEX outbox_by_failures ON outbox (lane, failures) WHERE failures > 0",
	`CREATE TABLE outbox_doubts ( -- puts that may still be made (doubts.ts)
		lane TEXT NOT NULL, -- a store
		key TEXT NOT NULL,
		since INTEGER NOT NULL, -- when one was last given up, unix ms
		PRIMARY KEY (lane, key)
	) WITHOUT ROWID`,
	"CREATE INDEX outbox_doubts_by_time ON outbox_doubts (since)",
];

/** What a step is about: of two waiting steps on one subject only the later one matters. Revisions of one record count as
 *  one subject, because the head that points to the earlier revision is overtaken together with it. */
function subjectOf(step: OutboxStep): string {
	switch (step.kind) {
		case "record":
			return `record ${step.key.split("@", 1)[0]}`;
		case "head":
			return `head ${step.product}`;
		case "pulse":
			return `pulse ${step.product ?? ""}`;
		case "deny":
		case "allow":
			return `access ${step.scope} ${step.id}`;
	}
}

const HEADS_SUBJECT = subjectOf({ kind: "record", key: HEADS_KEY, version: 0, body: null });

export function isDenial(step: OutboxStep): step is DenialStep {
	return step.kind === "deny" || step.kind === "allow";
}

export function isSingle(row: OutboxRow): row is OutboxRow<SingleStep> {
	return !isDenial(row.step);
}

export class OutboxRows {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	/**
	 * Adds the step in place of an older one on the same subject. What waits up to the first `heads` of the lane stays, though,
	 * unless that or what it points to failed: however fast changes come, that `heads` gets its turn, and those behind it wait as one.
	 */
	add(lane: string, step: OutboxStep): void {
		const subject = subjectOf(step);
		const heads = "SELECT MIN(seq) FROM outbox WHERE subject = ? AND lane = ? AND failures = 0";
		this.#sql.exec(
			`DELETE FROM outbox WHERE subject = ? AND lane = ? AND seq > COALESCE((${heads}), 0)`,
			subject,
			lane,
			HEADS_SUBJECT,
			lane,
		);
		this.#sql.exec(
			"INSERT INTO outbox (lane, kind, subject, step) VALUES (?, ?, ?, ?)",
			lane,
			step.kind,
			subject,
			JSON.stringify(step),
		);
	}

	/** @returns the row of the lane whose turn it is, or null */
	first(lane: string): OutboxRow | null {
		return this.#one("SELECT seq, step FROM outbox WHERE lane = ? ORDER BY seq LIMIT 1", lane);
	}

	/** @returns the first rows of the lane behind the row `after`, in order */
	leading(lane: string, limit: number, after = 0): OutboxRow[] {
		const query = "SELECT seq, step FROM outbox WHERE lane = ? AND seq > ? ORDER BY seq LIMIT ?";
		return this.#all(query, lane, after, limit);
	}

	has(seq: number): boolean {
		return this.#exists("SELECT 1 FROM outbox WHERE seq = ?", seq);
	}

	/** @returns denials of the lane, lifted ones too, from the row `seq` on, in order; heads between them wait for records anyway */
	denialsFrom(lane: string, seq: number, limit: number): OutboxRow[] {
		const query = "SELECT seq, step FROM outbox WHERE lane = ? AND seq >= ? AND kind <> 'head' ORDER BY seq LIMIT ?";
		return this.#all(query, lane, seq, limit);
	}

	/** @returns the first row of the lane that waits for no record, or null */
	firstDenial(lane: string): OutboxRow | null {
		return this.#one(
			"SELECT seq, step FROM outbox WHERE lane = ? AND kind IN ('deny', 'allow') ORDER BY seq LIMIT 1",
			lane,
		);
	}

	hasBefore(lane: string, seq: number): boolean {
		return this.#exists("SELECT 1 FROM outbox WHERE lane = ? AND seq < ? LIMIT 1", lane, seq);
	}

	owes(key: string, lane: string | null): boolean {
		const subject = subjectOf({ kind: "record", key, version: 0, body: null });
		const query = "SELECT 1 FROM outbox WHERE subject = ? AND (? IS NULL OR lane = ?) LIMIT 1";
		return this.#exists(query, subject, lane, lane);
	}

	count(lane: string): number {
		return Number(this.#sql.exec("SELECT COUNT(*) AS rows FROM outbox WHERE lane = ?", lane).one().rows);
	}

	isEmpty(): boolean {
		return !this.#exists("SELECT 1 FROM outbox WHERE seq > 0 LIMIT 1");
	}

	remove(seq: number): void {
		this.#sql.exec("DELETE FROM outbox WHERE seq = ?", seq);
	}

	/**
	 * Counts it for the `heads` behind the row too, which waits for it. The next attempt is of what is there now: rows up to the
	 * first `heads` that a later one overtakes go.
	 */
	countFailure(lane: string, seq: number): void {
		const heads = "SELECT MIN(seq) FROM outbox WHERE subject = ? AND lane = ? AND seq > ?";
		const query = `UPDATE outbox SET failures = failures + 1 WHERE seq IN (?, (${heads}))`;
		this.#sql.exec(query, seq, HEADS_SUBJECT, lane, seq);
		this.#sql.exec(
			`DELETE FROM outbox WHERE lane = ? AND seq <= (SELECT MIN(seq) FROM outbox WHERE subject = ? AND lane = ?)
				AND EXISTS (SELECT 1 FROM outbox AS later
					WHERE later.subject = outbox.subject AND later.lane = outbox.lane AND later.seq > outbox.seq)`,
			lane,
			HEADS_SUBJECT,
			lane,
		);
	}

	mostFailures(lane: string): number {
		const query = "SELECT MAX(failures) AS most FROM outbox WHERE lane = ? AND failures > 0";
		return Number(this.#sql.exec(query, lane).one().most ?? 0);
	}

	/** Forgets the rows owed to a store that the deployment no longer has. Reads every row. */
	dropLanesExcept(lanes: readonly string[]): void {
		const places = lanes.map(() => "?").join(", ");
		for (const table of ["outbox", "outbox_doubts"]) {
			this.#sql.exec(`DELETE FROM ${table} WHERE lane NOT IN (${places})`, ...lanes);
		}
	}

	#one(query: string, ...values: SqlStorageValue[]): OutboxRow | null {
		return this.#all(query, ...values)[0] ?? null;
	}

	#all(query: string, ...values: SqlStorageValue[]): OutboxRow[] {
		const rows = this.#sql.exec<SqlRow>(query, ...values).toArray();
		return rows.map(({ seq, step }) => ({ seq, step: JSON.parse(step) as OutboxStep }));
	}

	#exists(query: string, ...values: SqlStorageValue[]): boolean {
		return this.#sql.exec(query, ...values).toArray().length > 0;
	}
}
