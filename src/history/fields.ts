// The columns of the history: one flat row for each event, the same in files, in a stream and in queries. docs/history.md is made
// from this list. It is an allow-list: what has no column here cannot reach a file. Pure.

/** Rises when a column is added, or means something else: a stream's schema is fixed, so a new version needs a new stream. */
export const SCHEMA_VERSION = 1;

/** What an event was. */
export const EVENT_KINDS = {
	token: "a device got an access token",
	check:
		"a device asked what is new, and was answered (200 or 304); the first ten of an hour in an isolate are written, and of further ones one in a hundred, with a weight of 100",
	permit: "a device took up an offer",
	download: "bytes of a package were sent, all or a part",
	report: "a device said what became of a permit",
	activation: "a device activated",
	deactivation: "a device gave up its seat by itself",
	refusal: "one of these was refused, or failed; `asked` says which",
	wait: "a device's turn has not come (`exposure_limited`), and it asks again: no refusal, and no failure",
	lost: "the service had to drop so many events (`weight`) because they could not be written in time",
} as const;
export type EventKind = keyof typeof EVENT_KINDS;
/** What can be asked and refused. */
export type AskedKind = Exclude<EventKind, "refusal" | "wait" | "lost">;

/** The one problem that refuses nothing: it says to a device that its turn has not come. */
const NOT_ITS_TURN = "exposure_limited";

/** What an answer of 400 and above is told as; whatever counts refusals, in SQL too, goes by the kind. */
export function kindOfRefusal(problem: string | null): EventKind {
	return problem === NOT_ITS_TURN ? "wait" : "refusal";
}

interface HistoryField {
	readonly name: string;
	readonly type: "text" | "time" | "whole";
	readonly nullable: boolean;
	/** characters of a text */
	readonly max?: number;
	readonly about: string;
}

export const HISTORY_FIELDS = [
	{ name: "schema_version", type: "whole", nullable: false, about: `of this list: ${SCHEMA_VERSION}` },
	{
		name: "id",
		type: "text",
		nullable: false,
		max: 32,
		about: "of the row: a row that was written twice has it twice",
	},
	{ name: "time", type: "time", nullable: false, about: "when the request came, UTC, to the millisecond" },
	{ name: "kind", type: "text", nullable: false, max: 16, about: "one of the kinds above" },
	{
		name: "asked",
		type: "text",
		nullable: true,
		max: 16,
		about: "of a refusal or a wait: the kind that was asked for",
	},
	{
		name: "weight",
		type: "whole",
		nullable: false,
		about: "for how many events the row stands: add it up, never count rows",
	},
	{ name: "status", type: "whole", nullable: false, about: "HTTP status of the answer" },
	{ name: "problem", type: "text", nullable: true, max: 48, about: "code of docs/errors.md, or the `error` of OAuth" },
	{ name: "reason", type: "text", nullable: true, max: 96, about: "why, in the words of the check that failed" },
	{
		name: "device",
		type: "text",
		nullable: true,
		max: 16,
		about: "pseudonym of the device; of a download its first eight characters",
	},
	{
		name: "account",
		type: "text",
		nullable: true,
		max: 10,
		about: "ten characters that the account's id and its devices' ids share",
	},
	{ name: "product", type: "text", nullable: true, max: 64, about: "name of the product" },
	{ name: "from_version", type: "text", nullable: true, max: 64, about: "what the device had installed" },
	{ name: "to_version", type: "text", nullable: true, max: 64, about: "what it was offered, permitted, or reports on" },
	{
		name: "step",
		type: "text",
		nullable: true,
		max: 64,
		about: "of a permit: the rollout's step; null = everybody may have the release",
	},
	{ name: "outcome", type: "text", nullable: true, max: 32, about: "what the answer was, or what the device reported" },
	{ name: "detail", type: "text", nullable: true, max: 64, about: "of a report: why, in the device's own word" },
	{
		name: "country",
		type: "text",
		nullable: true,
		max: 8,
		about: "where the caller is, as the edge saw it (ISO 3166-1 alpha-2)",
	},
	{ name: "asn", type: "whole", nullable: true, about: "number of the network that the caller came from" },
	{ name: "colo", type: "text", nullable: true, max: 8, about: "data centre that answered (IATA code)" },
	{ name: "worker_version", type: "text", nullable: false, max: 64, about: "id of the Worker's version that answered" },
	{
		name: "duration_ms",
		type: "whole",
		nullable: false,
		about: "until the answer began; the platform's clock stands still while code computes",
	},
	{ name: "bytes", type: "whole", nullable: false, about: "of a package in the answer" },
	{
		name: "degraded_seconds",
		type: "whole",
		nullable: false,
		about: "age of the oldest record in the answer where records could not be read",
	},
] as const satisfies readonly HistoryField[];

type Field = (typeof HISTORY_FIELDS)[number];
type ValueOf<F extends Field> = F["type"] extends "whole" ? number : string;
/** One event. */
export type HistoryRow = {
	readonly [F in Field as F["name"]]: F["nullable"] extends true ? ValueOf<F> | null : ValueOf<F>;
};

const BY_NAME: ReadonlyMap<string, HistoryField> = new Map(HISTORY_FIELDS.map((field) => [field.name, field]));
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * A stream takes a row that breaks its schema and drops it without a word, so each is looked at before it is sent.
 * @returns the column that is wrong, and how; null = the row fits
 */
export function faultOf(row: Readonly<Record<string, unknown>>): string | null {
	for (const field of HISTORY_FIELDS) {
		const problem = faultIn(field, row[field.name]);
		if (problem !== null) return `${field.name} ${problem}`;
	}
	const unknown = Object.keys(row).find((name) => !BY_NAME.has(name));
	return unknown === undefined ? null : `${unknown.slice(0, 32)} is no column`;
}

function faultIn({ type, nullable, max = 0 }: HistoryField, value: unknown): string | null {
	if (value === null) return nullable ? null : "is null";
	if (type === "whole") return Number.isSafeInteger(value) && Number(value) >= 0 ? null : "is no whole number";
	if (typeof value !== "string") return "is no text";
	if (type === "time") return TIME.test(value) ? null : "is no time";
	return value.length <= max ? null : "is too long";
}

/** @returns the text as a column takes it: so long at most, without control characters and halves of characters */
export function boundText(text: string, name: Field["name"]): string {
	const max = BY_NAME.get(name)?.max ?? 0;
	return text
		.slice(0, max)
		.toWellFormed()
		.replaceAll(/\p{Cc}/gu, "?");
}
