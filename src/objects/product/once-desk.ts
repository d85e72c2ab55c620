// What was asked under an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): who asked what, whether it is still under way, what
// came of it, and the answer. What came of it is written in the transaction of the change itself, so that a change is made once
// wherever its caller, its answer or the Worker in between is lost. Kept for a day, and of each caller the newest.
import type { Change } from "../audit.ts";
import { nowSeconds } from "../clock.ts";

export const ONCE_TABLES = [
	`CREATE TABLE once (
		subject TEXT NOT NULL, -- of the caller's key
		route TEXT NOT NULL, -- method and path template
		key TEXT NOT NULL, -- as the caller made it up
		fingerprint TEXT NOT NULL, -- of the request (routes/publisher/ask-once.ts)
		at INTEGER NOT NULL, -- when it was asked first
		held_until INTEGER NOT NULL, -- until when somebody is at it; 0 = nobody is
		outcome TEXT, -- JSON: what the change came to; null = nothing was changed yet
		answer TEXT, -- JSON: KeptAnswer; null = not given yet, or too large to be kept
		PRIMARY KEY (subject, route, key)
	) WITHOUT ROWID`,
	"CREATE INDEX once_at ON once (at)",
];

/** A request that is to be carried out once. */
export interface OnceRequest {
	readonly subject: string;
	readonly route: string;
	readonly key: string;
	readonly fingerprint: string;
}

/** A change that is made once, where its caller names a key for it. */
export type Once = Change & { readonly once?: OnceRequest | undefined };

export interface KeptAnswer {
	readonly status: number;
	readonly body: string;
}

export type Asked =
	/** carry it out, then `settle` */
	| { readonly kind: "go" }
	/** the same, `seconds` at most from its end */
	| { readonly kind: "under_way"; readonly seconds: number }
	/** the key was used for another request */
	| { readonly kind: "other_request" }
	| { readonly kind: "answered"; readonly answer: KeptAnswer };

export const KEPT_SECONDS = 86_400;
/** Longer than any request takes: a Worker that asks objects gives up before. */
export const HELD_SECONDS = 60;
export const KEPT_PER_SUBJECT = 500;
/** UTF-16 units: the answer of a rollout is some thousands. A larger one is made anew from its outcome. */
const MAX_ANSWER_LENGTH = 65_536;

type OnceRow = { fingerprint: string; held_until: number; outcome: string | null; answer: string | null };

export class OnceDesk {
	readonly #storage: Pick<DurableObjectStorage, "sql" | "transactionSync">;
	readonly #now: () => number;

	/** @param now unix seconds */
	constructor(storage: Pick<DurableObjectStorage, "sql" | "transactionSync">, now: () => number = nowSeconds) {
		this.#storage = storage;
		this.#now = now;
	}

	/** Whoever is told to go has the request for `HELD_SECONDS`. */
	ask(request: OnceRequest): Asked {
		return this.#storage.transactionSync(() => {
			const now = this.#now();
			this.#storage.sql.exec("DELETE FROM once WHERE at <= ?", now - KEPT_SECONDS);
			const row = this.#row(request);
			if (row !== null && row.fingerprint !== request.fingerprint) return { kind: "other_request" };
			if (row?.answer != null) return { kind: "answered", answer: JSON.parse(row.answer) as KeptAnswer };
			if (row !== null && row.held_until > now) return { kind: "under_way", seconds: row.held_until - now };
			this.#hold(request, now);
			return { kind: "go" };
		});
	}

	/**
	 * Part of the transaction of the change.
	 * @param request not given = the caller named no key
	 * @param work the change; one that is refused, with `ok: false`, has changed nothing and is tried anew the next time
	 * @returns what it came to, now or the first time
	 */
	run<T>(request: OnceRequest | undefined, work: () => T): T {
		if (request === undefined) return work();
		const row = this.#row(request);
		// The key was let go and taken for another request meanwhile: nothing is kept of this one.
		if (row !== null && row.fingerprint !== request.fingerprint) return work();
		if (row?.outcome != null) return (JSON.parse(row.outcome) as { value: T }).value;
		const value = work();
		if (isRefused(value)) return value;
		if (row === null) this.#hold(request, this.#now());
		this.#update(request, "outcome = ?", JSON.stringify({ value }));
		return value;
	}

	/** @returns whether the change that was asked for has been made */
	isDone(request: OnceRequest | undefined): boolean {
		const row = request === undefined ? null : this.#row(request);
		return row !== null && row.fingerprint === request?.fingerprint && row.outcome !== null;
	}

	/** The answer that was given: whoever asks again gets it. */
	keep(request: OnceRequest, answer: KeptAnswer): void {
		const text = answer.body.length > MAX_ANSWER_LENGTH ? null : JSON.stringify(answer);
		this.#update(request, "held_until = 0, answer = ?", text);
	}

	/** It was refused, or failed: whoever asks again is judged anew. What has been changed stays known. */
	letGo(request: OnceRequest): void {
		this.#update(request, "held_until = ?", 0);
		const query =
			"DELETE FROM once WHERE subject = ? AND route = ? AND key = ? AND fingerprint = ? AND outcome IS NULL";
		this.#storage.sql.exec(query, request.subject, request.route, request.key, request.fingerprint);
	}

	/** @param answer that was given; null = it was refused, or failed */
	settle(request: OnceRequest, answer: KeptAnswer | null): void {
		if (answer === null) this.letGo(request);
		else this.keep(request, answer);
	}

	#row({ subject, route, key }: OnceRequest): OnceRow | null {
		const query = "SELECT * FROM once WHERE subject = ? AND route = ? AND key = ?";
		return this.#storage.sql.exec<OnceRow>(query, subject, route, key).toArray()[0] ?? null;
	}

	/** Takes the place of the caller's oldest, where they have as many as are kept. */
	#hold({ subject, route, key, fingerprint }: OnceRequest, now: number): void {
		const { sql } = this.#storage;
		sql.exec(
			`INSERT INTO once (subject, route, key, fingerprint, at, held_until) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET held_until = excluded.held_until`,
			...[subject, route, key, fingerprint, now, now + HELD_SECONDS],
		);
		sql.exec(
			`DELETE FROM once WHERE subject = ? AND (route, key) IN
				(SELECT route, key FROM once WHERE subject = ? ORDER BY at DESC, held_until DESC LIMIT -1 OFFSET ?)`,
			...[subject, subject, KEPT_PER_SUBJECT],
		);
	}

	#update({ subject, route, key, fingerprint }: OnceRequest, change: string, value: string | number | null): void {
		const query = `UPDATE once SET ${change} WHERE subject = ? AND route = ? AND key = ? AND fingerprint = ?`;
		this.#storage.sql.exec(query, value, subject, route, key, fingerprint);
	}
}

function isRefused(value: unknown): boolean {
	return typeof value === "object" && value !== null && "ok" in value && value.ok === false;
}
