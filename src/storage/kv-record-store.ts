// Records in Workers KV. Reads are cached per location and may lag by a minute or more. KV has no compare-and-set, so two
// concurrent writers of one key could leave the older version: what keeps the order is that one object writes each key,
// through an outbox that delivers in order. `put` refuses to go back behind a version that it can see, which is a second
// line, not the guarantee.
import { type Clock, systemClock } from "./clock.ts";
import {
	formatRecord,
	isRevisionKey,
	parseRecord,
	type RecordResult,
	type RecordStore,
	RecordStoreError,
	readRecord,
} from "./record-store.ts";

/** How long a location may answer from its own copy; 30 s is the least that KV allows. */
const CACHE_TTL_SECONDS = 30;
/** Keys that KV gives in one operation. */
const KEYS_PER_READ = 100;

/**
 * A write whose look takes longer is given up. Else it could go on when its writer has long lost patience (30 s, outbox.ts)
 * and written a newer version, and put the older one in its place.
 */
const MAX_LOOK_MS = 10_000;

export function createKvRecordStore(kv: KVNamespace, clock: Clock = systemClock): RecordStore {
	async function readText(key: string): Promise<string | null> {
		try {
			return await kv.get(key, { type: "text", cacheTtl: CACHE_TTL_SECONDS });
		} catch (cause) {
			throw new RecordStoreError("unreachable", key, { cause });
		}
	}

	async function readChunk(keys: readonly string[]): Promise<RecordResult[]> {
		try {
			const texts = await kv.get([...keys], { type: "text", cacheTtl: CACHE_TTL_SECONDS });
			return keys.map((key) => {
				const text = texts.get(key);
				return text === undefined ? new RecordStoreError("unreachable", key) : readRecord(key, text);
			});
		} catch (cause) {
			return keys.map((key) => new RecordStoreError("unreachable", key, { cause }));
		}
	}

	async function visibleVersion(key: string): Promise<number | null> {
		const text = await readText(key);
		if (text === null) return null;
		try {
			return parseRecord(key, text).version;
		} catch {
			// Not a record of this key: there is no version to respect, and writing over it is the repair.
			return null;
		}
	}

	/**
	 * Nothing comes before a first version, and a revision has only one. Not looking also matters: KV remembers for a
	 * while that a key was absent, and would hide the record that is about to be written.
	 */
	function mayReplaceNewer(key: string, version: number): boolean {
		return version > 1 && !isRevisionKey(key);
	}

	return {
		async get(key) {
			const text = await readText(key);
			return text === null ? null : parseRecord(key, text);
		},

		async getMany(keys) {
			const chunks: Promise<RecordResult[]>[] = [];
			for (let at = 0; at < keys.length; at += KEYS_PER_READ)
				chunks.push(readChunk(keys.slice(at, at + KEYS_PER_READ)));
			return (await Promise.all(chunks)).flat();
		},

		async put(key, record) {
			if (mayReplaceNewer(key, record.version)) {
				const startedMs = clock.nowMs();
				const visible = await visibleVersion(key);
				if (clock.nowMs() - startedMs > MAX_LOOK_MS) throw new RecordStoreError("unreachable", key);
				if (visible !== null && visible > record.version) return "superseded";
			}
			try {
				await kv.put(key, formatRecord(key, record));
			} catch (cause) {
				throw new RecordStoreError("unreachable", key, { cause });
			}
			return "stored";
		},

		async delete(key) {
			try {
				await kv.delete(key);
			} catch (cause) {
				throw new RecordStoreError("unreachable", key, { cause });
			}
		},
	};
}
