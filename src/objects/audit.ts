// Who changed what, and when: an append-only table in each object, written in the transaction of the change. The database
// itself refuses to change or remove an entry. What a reader gets as an event is an entry of this table.
import type { AccountEvent, DeploymentEvent, EventType, ProductEvent } from "../events/catalogue.ts";

/** What every change brings with it. */
export interface Change {
	/** who does it: a credential's subject, or `code:<id>` and the device's id for what devices do themselves */
	readonly actor: string;
	/** unix seconds */
	readonly now: number;
	/** not given = no API key was used: a device did it, or the service */
	readonly via?: Via | undefined;
}

/** How a change came in that was made with an API key, or a token in its place. */
export interface Via {
	/** the key's id, or `bootstrap`; of a token of trusted publishing its publisher's id */
	readonly key: string;
	/** of a token of trusted publishing: which run of CI has it */
	readonly run?: string | undefined;
	/** as in the log */
	readonly requestId: string;
	/** IP address of the caller, as the edge saw it */
	readonly address: string;
}

/** Actor of what the service does by itself. */
export const SERVICE = "service";

export interface AuditEntry {
	/** unix seconds */
	readonly at: number;
	readonly actor: string;
	/** a type of events/catalogue.ts; one of an older version may no longer be in it */
	readonly action: string;
	/** id of the thing that was changed */
	readonly subject: string;
	/** never a secret: no code, no key, no token */
	readonly detail: string;
	readonly via?: Via | undefined;
}

/** An entry that is yet to be written. */
export interface NewEntry<Type extends EventType = EventType> extends AuditEntry {
	readonly action: Type;
}

/** Appends an entry to an account's trail, as part of the transaction of the change. */
export type WriteAudit = (change: Change, action: AccountEvent, subject: string, detail: string) => void;
/** The same of a product's trail. */
export type WriteProductAudit = (change: Change, action: ProductEvent, subject: string, detail: string) => void;
/** The same of the deployment's trail. */
export type WriteDeploymentAudit = (change: Change, action: DeploymentEvent, subject: string, detail: string) => void;

/** An entry and its place: 1 for the object's first. */
export interface TrailEntry extends AuditEntry {
	readonly seq: number;
}

/** Which entries come first. */
export type TrailOrder = "oldest" | "newest";

export interface TrailQuery {
	/** place after which to begin, in the order that is asked for; 0 = from the beginning */
	readonly after: number;
	/** not given = oldest first */
	readonly order?: TrailOrder;
	readonly limit: number;
	/** types as in events/event-type.ts; none = everything */
	readonly types: readonly string[];
	/** only events about these ids; not given = all events */
	readonly subjects?: readonly string[];
}

export interface TrailPage {
	/** in the order that was asked for */
	readonly entries: readonly TrailEntry[];
	/** place up to which this page has looked: `after` of the next one */
	readonly next: number;
	/** whether there are entries after `next` now, in the same order */
	readonly more: boolean;
}

const MAX_DETAIL = 512;
/** Entries that one page looks at: a type that is rare in a long trail must not make one request read all of it. */
const ENTRIES_PER_LOOK = 10_000;

/** Shared: a change of it needs a step in the schema of each object that has a trail. */
export const AUDIT_TABLES = [
	`CREATE TABLE audit (
		seq INTEGER PRIMARY KEY AUTOINCREMENT,
		at INTEGER NOT NULL,
		actor TEXT NOT NULL,
		action TEXT NOT NULL,
		subject TEXT NOT NULL,
		detail TEXT NOT NULL, -- at most 512 characters
		via TEXT -- JSON: a Via; null = no API key was used
	)`,
	...["UPDATE", "DELETE"].map(
		(change) => `CREATE TRIGGER audit_refuses_${change.toLowerCase()} BEFORE ${change} ON audit
			BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END`,
	),
];

/** @param place beyond the newest entry; null = the next one */
export function appendAudit(sql: SqlStorage, entry: NewEntry, place: number | null = null): void {
	sql.exec(
		"INSERT INTO audit (seq, at, actor, action, subject, detail, via) VALUES (?, ?, ?, ?, ?, ?, ?)",
		place,
		entry.at,
		entry.actor,
		entry.action,
		entry.subject,
		entry.detail.slice(0, MAX_DETAIL),
		entry.via === undefined ? null : JSON.stringify(entry.via),
	);
}

type AuditRow = {
	seq: number;
	at: number;
	actor: string;
	action: string;
	subject: string;
	detail: string;
	via: string | null;
};

/** @returns the place of the newest entry, 0 when there is none */
export function lastPlace(sql: SqlStorage): number {
	return Number(sql.exec("SELECT MAX(seq) AS last FROM audit").one().last ?? 0);
}

/** @returns a page of the trail: who asks again from `next`, in the same order, misses nothing and sees nothing twice */
export function readTrail(sql: SqlStorage, query: TrailQuery): TrailPage {
	const last = lastPlace(sql);
	const { after, limit } = query;
	if (query.order !== "newest") {
		const end = Math.min(last, after + ENTRIES_PER_LOOK);
		const entries = readEntries(sql, query, after + 1, end);
		const next = entries.length === limit ? (entries.at(-1)?.seq ?? after) : Math.max(after, end);
		return { entries, next, more: next < last };
	}
	const from = after === 0 ? last : Math.min(last, after - 1);
	const to = Math.max(1, from - ENTRIES_PER_LOOK + 1);
	const entries = readEntries(sql, query, to, from);
	const next = (entries.length === limit ? entries.at(-1)?.seq : undefined) ?? to;
	return { entries, next, more: next > 1 };
}

/** @param first the lowest place @param last the highest one */
function readEntries(
	sql: SqlStorage,
	{ limit, types, subjects, order }: TrailQuery,
	first: number,
	last: number,
): TrailEntry[] {
	// "." is followed by "/": all that begins with "device." lies between the two.
	const isWanted = types.map(() => "action = ? OR (action > ? AND action < ?)").join(" OR ");
	const isAbout = subjects === undefined ? "" : `AND subject IN (${subjects.map(() => "?").join(", ")})`;
	const byType = types.length === 0 ? "" : `AND (${isWanted})`;
	return sql
		.exec<AuditRow>(
			`SELECT seq, at, actor, action, subject, detail, via FROM audit WHERE seq BETWEEN ? AND ? ${byType} ${isAbout}
			ORDER BY seq ${order === "newest" ? "DESC" : ""} LIMIT ?`,
			first,
			last,
			...types.flatMap((type) => [type, `${type}.`, `${type}/`]),
			...(subjects ?? []),
			limit,
		)
		.toArray()
		.map(({ via, ...entry }) => (via === null ? entry : { ...entry, via: JSON.parse(via) as Via }));
}
