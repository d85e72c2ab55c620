// The port to the globally replicated read model: small JSON documents under a key, each with a version that only rises.
// One object writes each key (design.md §3); many edges read it. This file says what every store must guarantee.
// It does not promise that a read sees the latest write: a reader may get an older version, never another key's record.

/** A record as it was stored; the body is parsed JSON that nobody has checked yet. */
export interface StoredRecord {
	readonly version: number;
	readonly body: unknown;
}

/** A record as it was found, with what it costs to keep. */
export interface FoundRecord extends StoredRecord {
	/** length of the stored text; its characters, which are its bytes unless a person wrote them */
	readonly bytes: number;
	/** when a store gave it, unix ms, where that was before it was asked for here (location-copies.ts) */
	readonly readMs?: number;
}

export interface RecordReader {
	/**
	 * @returns the record, or null if the store answers that it has none
	 * @throws RecordStoreError when the store cannot be reached, or holds something else than this key's record
	 */
	get(key: string): Promise<FoundRecord | null>;
}

export interface RecordStore extends RecordReader {
	/**
	 * Several at once, in as few round trips as the store allows. Never rejects: what could not be read has its error in its
	 * place, as `get` would have thrown it.
	 * @returns one result per key, in the order of the keys
	 */
	getMany(keys: readonly string[]): Promise<readonly RecordResult[]>;
	/**
	 * Durable once it resolves. Writing the version that is already there again is harmless and repairs it.
	 * @returns "superseded" when the store already holds a higher version, which stays
	 * @throws RecordStoreError when it is not known whether the record was written; the caller tries again
	 */
	put(key: string, record: StoredRecord): Promise<"stored" | "superseded">;
	/**
	 * Durable once it resolves; readers may see the record for as long as they may see an older version. Where there is none
	 * it is harmless. Only for revisions that nobody is led to any more: a key that is written again could go back.
	 * @throws RecordStoreError when it is not known whether the record was deleted; the caller tries again
	 */
	delete(key: string): Promise<void>;
}

/** The owner of a record: strongly consistent, one place on earth, asked only when no store could answer. */
export interface RecordOrigin {
	/** @returns the record as it is now, or null if there is none; the origin sees to it that the stores get it too */
	read(key: string): Promise<FoundRecord | null>;
}

/** What `get` would have given or thrown. */
export type RecordResult = StoredRecord | null | RecordStoreError;

export type RecordStoreErrorCode = "unreachable" | "malformed" | "foreign" | "forged" | "ended";

export class RecordStoreError extends Error {
	readonly code: RecordStoreErrorCode;
	readonly key: string;

	/**
	 * @param code unreachable: no answer; malformed: not a record; foreign: the record of another key; forged: nobody who may
	 *   has sealed it; ended: it counts no longer (sealed-records.ts)
	 */
	constructor(code: RecordStoreErrorCode, key: string, options?: ErrorOptions) {
		super(`record store: ${code} at ${key}`, options);
		this.name = "RecordStoreError";
		this.code = code;
		this.key = key;
	}
}

/** Whether a key names one revision for ever (`product:crs@12`). Such a record never changes, so it is never outdated. */
export function isRevisionKey(key: string): boolean {
	return key.includes("@");
}

/** @returns what the keys of all revisions of one record have in common; of a record without revisions its key */
export function seriesOf(key: string): string {
	const at = key.indexOf("@");
	return at < 0 ? key : key.slice(0, at);
}

/** @returns the revision that a key names; 0 = none */
export function revisionOf(key: string): number {
	const at = key.indexOf("@");
	return at < 0 ? 0 : Number(key.slice(at + 1));
}

/** The form in which every store holds a record. The key is inside so that a mix-up below us cannot go unnoticed. */
export function formatRecord(key: string, record: StoredRecord): string {
	return JSON.stringify({ key, version: record.version, body: record.body });
}

/** @throws RecordStoreError when the text is not a record, or not this key's */
export function parseRecord(key: string, text: string): FoundRecord {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		throw new RecordStoreError("malformed", key, { cause });
	}
	if (!isEnvelope(value)) throw new RecordStoreError("malformed", key);
	if (value.key !== key) throw new RecordStoreError("foreign", key);
	return { version: value.version, body: value.body, bytes: text.length };
}

/** As `parseRecord`, with the error as a result. @param text null where the store has nothing */
export function readRecord(key: string, text: string | null): RecordResult {
	if (text === null) return null;
	try {
		return parseRecord(key, text);
	} catch (error) {
		return error instanceof RecordStoreError ? error : new RecordStoreError("malformed", key, { cause: error });
	}
}

function isEnvelope(value: unknown): value is { key: string; version: number; body: unknown } {
	if (typeof value !== "object" || value === null) return false;
	if (!("key" in value && "version" in value && "body" in value)) return false;
	return typeof value.key === "string" && Number.isSafeInteger(value.version) && Number(value.version) >= 0;
}
