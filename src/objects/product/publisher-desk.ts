// Whose CI may publish the product, and which ID tokens it has shown: each counts once. Each method is synchronous and runs in its caller's
// transaction, so that of two requests with one token, at the same moment and from wherever, one gets something for it.
import {
	type CiRun,
	describeRun,
	judgeRun,
	MAX_PUBLISHERS,
	type PublisherPart,
	publisherSubject,
	type TrustedPublisher,
} from "../../entitlement/publishers/trusted-publisher.ts";
import type { Change, Via, WriteProductAudit } from "../audit.ts";

export const PUBLISHER_TABLES = [
	`CREATE TABLE publishers (
		id TEXT PRIMARY KEY,
		trusted TEXT NOT NULL, -- JSON: TrustedPublisher (entitlement/publishers/trusted-publisher.ts)
		created_at INTEGER NOT NULL,
		created_by TEXT NOT NULL -- subject of the key
	) WITHOUT ROWID`,
	`CREATE TABLE used_id_tokens (
		token TEXT PRIMARY KEY, -- iss and jti
		until INTEGER NOT NULL -- when the token is refused for its age anyway
	) WITHOUT ROWID`,
];

export interface StoredPublisher extends TrustedPublisher {
	readonly id: string;
	/** unix seconds */
	readonly createdAt: number;
	readonly createdBy: string;
}

export type PublisherOrder =
	/** id: for a new one */
	| { readonly kind: "add"; readonly id: string; readonly trusted: TrustedPublisher }
	| { readonly kind: "remove"; readonly id: string };

export type PublisherResult =
	/** changed: false = there was one like it, or none to remove */
	| { readonly ok: true; readonly changed: boolean; readonly publisher: StoredPublisher | null }
	| { readonly ok: false; readonly reason: "too_many" };

/** An ID token whose signature, times and audience are good. */
export interface ShownIdToken {
	readonly run: CiRun;
	readonly jti: string;
	/** unix seconds */
	readonly replayableUntil: number;
	readonly now: number;
	/** of the request that shows it */
	readonly via: Omit<Via, "key">;
}

export type Exchanged =
	| { readonly ok: true; readonly publisher: StoredPublisher }
	/** part: in which the nearest publisher differs; null = there is none */
	| { readonly ok: false; readonly reason: "untrusted"; readonly part: PublisherPart | null }
	| { readonly ok: false; readonly reason: "replayed" };

type PublisherRow = { id: string; trusted: string; created_at: number; created_by: string };

export class PublisherDesk {
	readonly #sql: SqlStorage;
	readonly #audit: WriteProductAudit;

	constructor(sql: SqlStorage, audit: WriteProductAudit) {
		this.#sql = sql;
		this.#audit = audit;
	}

	/** @returns the oldest first */
	list(): StoredPublisher[] {
		return this.#sql.exec<PublisherRow>("SELECT * FROM publishers ORDER BY created_at, id").toArray().map(publisherOf);
	}

	/** Tokens that a publisher got before it was removed open nothing any more. */
	obey(order: Change & PublisherOrder): PublisherResult {
		return order.kind === "add" ? this.#add(order) : this.#remove(order);
	}

	/** Uses a token up where it is a publisher's; one that is nobody's leaves nothing. */
	exchange({ run, jti, replayableUntil, now, via }: ShownIdToken): Exchanged {
		const judged = judgeRun(this.list(), run);
		if (!judged.ok) return { ok: false, reason: "untrusted", part: judged.part };
		const { publisher } = judged;
		this.#sql.exec("DELETE FROM used_id_tokens WHERE until < ?", now);
		const query = "INSERT INTO used_id_tokens (token, until) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING token";
		const isFirst = this.#sql.exec(query, `${run.issuer} ${jti}`, replayableUntil).toArray().length > 0;
		if (!isFirst) return { ok: false, reason: "replayed" };
		const change = { actor: publisherSubject(publisher), now, via: { ...via, key: publisher.id } };
		this.#audit(change, "publisher.token", publisher.id, describeRun(run));
		return { ok: true, publisher };
	}

	#add({ id, trusted, ...change }: Change & PublisherOrder & { kind: "add" }): PublisherResult {
		const text = JSON.stringify(trusted);
		const same = this.#sql.exec<PublisherRow>("SELECT * FROM publishers WHERE trusted = ?", text).toArray()[0];
		if (same !== undefined) return { ok: true, changed: false, publisher: publisherOf(same) };
		if (this.list().length >= MAX_PUBLISHERS) return { ok: false, reason: "too_many" };
		const query = "INSERT INTO publishers (id, trusted, created_at, created_by) VALUES (?, ?, ?, ?)";
		this.#sql.exec(query, id, text, change.now, change.actor);
		this.#audit(change, "publisher.add", id, describePublisher(trusted));
		return {
			ok: true,
			changed: true,
			publisher: { ...trusted, id, createdAt: change.now, createdBy: change.actor },
		};
	}

	#remove({ id, ...change }: Change & PublisherOrder): PublisherResult {
		const query = "DELETE FROM publishers WHERE id = ? RETURNING *";
		const row = this.#sql.exec<PublisherRow>(query, id).toArray()[0];
		if (row === undefined) return { ok: true, changed: false, publisher: null };
		const publisher = publisherOf(row);
		this.#audit(change, "publisher.remove", id, describePublisher(publisher));
		return { ok: true, changed: true, publisher };
	}
}

function publisherOf({ id, trusted, created_at: createdAt, created_by: createdBy }: PublisherRow): StoredPublisher {
	return { ...(JSON.parse(trusted) as TrustedPublisher), id, createdAt, createdBy };
}

function describePublisher(publisher: TrustedPublisher): string {
	const { repositoryId, ownerId, ref, environment } = publisher;
	const where = [...(ref === null ? [] : [ref]), ...(environment === null ? [] : [`environment ${environment}`])];
	return `${publisherSubject(publisher)}, repository ${repositoryId} of ${ownerId}, ${where.join(", ")}`;
}
