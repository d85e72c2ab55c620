// What stands in a store is a sealed record: the body with a MAC over key, version, end and body, made by the object that
// owns the record. Whoever may write to a store can destroy records; to make one, or to put one under another key, takes the
// deployment's MAC keys. To put back an old one of the same key works until its end at most.
import type { Clock } from "./clock.ts";
import { HEADS_KEY } from "./keys.ts";
import type { RecordSeal } from "./record-seal.ts";
import {
	type FoundRecord,
	isRevisionKey,
	type RecordResult,
	type RecordStore,
	RecordStoreError,
	type StoredRecord,
} from "./record-store.ts";

/** A body in a store. */
interface SealedBody {
	readonly kid: string;
	readonly until: number | null;
	readonly mac: string;
	readonly content: unknown;
}

/**
 * How long `heads` counts after it was written, and so for how long at most an old one that somebody puts back hides what came
 * since. A cron trigger has it written again every five minutes (wrangler.toml). An ended one is asked of the Directory; while
 * that does not answer, it is still better than none, and is marked.
 */
export const HEADS_LIFE_SECONDS = 900;
/**
 * The same for the records of devices and HA groups. Nobody writes them again before: the edge that finds an ended one asks its
 * Account, which then has the stores get it anew. That is one more call of an object for a device and week. A denial stands for as
 * long, so a longer life would make the deny list longer.
 */
export const RECORD_LIFE_SECONDS = 7 * 86_400;

/** @returns seconds; null = for ever: a revision is reached through `heads` alone, which ends */
export function recordLifeSeconds(key: string): number | null {
	if (key === HEADS_KEY) return HEADS_LIFE_SECONDS;
	return isRevisionKey(key) ? null : RECORD_LIFE_SECONDS;
}

/** @param now unix seconds @returns the record as it goes into a store */
export async function sealRecord(
	seal: RecordSeal,
	key: string,
	{ version, body }: StoredRecord,
	now: number,
): Promise<StoredRecord> {
	const life = recordLifeSeconds(key);
	const until = life === null ? null : now + life;
	const { kid, mac } = await seal.seal({ key, version, until, body: JSON.stringify(body) });
	const sealed: SealedBody = { kid, until, mac, content: body };
	return { version, body: sealed };
}

export interface OpenedRecord extends FoundRecord {
	/** unix seconds; null = for ever */
	readonly until: number | null;
}

/** @throws RecordStoreError `malformed` when it is not sealed, `forged` when the seal is not right; its end is the caller's to look at */
export async function openRecord(
	seal: Pick<RecordSeal, "verify">,
	key: string,
	record: FoundRecord,
): Promise<OpenedRecord> {
	const { version, body, bytes } = record;
	if (!isSealedBody(body)) throw new RecordStoreError("malformed", key);
	const { kid, until, mac, content } = body;
	const fields = { key, version, until, body: JSON.stringify(content) };
	if (!(await seal.verify(fields, kid, mac))) throw new RecordStoreError("forged", key);
	return { version, body: content, bytes, until };
}

/** @returns what the record says its end is, unverified: unix seconds, null = for ever, undefined = it says nothing */
export function claimedEnd({ body }: StoredRecord): number | null | undefined {
	return isSealedBody(body) ? body.until : undefined;
}

function isSealedBody(value: unknown): value is SealedBody {
	if (typeof value !== "object" || value === null) return false;
	if (!("kid" in value && "until" in value && "mac" in value && "content" in value)) return false;
	const isEnd = value.until === null || Number.isSafeInteger(value.until);
	return isEnd && typeof value.kid === "string" && typeof value.mac === "string";
}

/**
 * A store whose records are sealed as they are written and verified as they are read; ended ones are given like others. What
 * nobody here has sealed gives way to what is written, whatever version it claims.
 */
export function createSealedStore(store: RecordStore, seal: RecordSeal, clock: Clock): RecordStore {
	async function open(key: string, found: FoundRecord | null): Promise<FoundRecord | null> {
		if (found === null) return null;
		const { version, body, bytes } = await openRecord(seal, key, found);
		return { version, body, bytes };
	}

	/** @returns whether the store has no record but what was sealed by this deployment, in whatever version @throws where the store does not answer */
	async function isGenuine(key: string): Promise<boolean> {
		try {
			await open(key, await store.get(key));
			return true;
		} catch (error) {
			if (error instanceof RecordStoreError && error.code !== "unreachable") return false;
			throw error;
		}
	}

	return {
		get: async (key) => open(key, await store.get(key)),
		async getMany(keys) {
			const results = await store.getMany(keys);
			return Promise.all(
				keys.map(async (key, index): Promise<RecordResult> => {
					const result = results[index] ?? null;
					if (result === null || result instanceof RecordStoreError) return result;
					return open(key, { ...result, bytes: 0 }).catch((error: RecordStoreError) => error);
				}),
			);
		},
		async put(key, record) {
			const sealed = await sealRecord(seal, key, record, Math.floor(clock.nowMs() / 1_000));
			const outcome = await store.put(key, sealed);
			if (outcome === "stored" || (await isGenuine(key))) return outcome;
			// Stores compare versions and know no seals: a forged record of a version that is never reached would stay for ever.
			await store.delete(key);
			return store.put(key, sealed);
		},
		delete: (key) => store.delete(key),
	};
}
