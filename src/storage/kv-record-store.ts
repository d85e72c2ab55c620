// Records in Workers KV. Reads are cached per location and may lag by a minute or more. KV has no compare-and-set, so two
// concurrent writers of one key could leave the older version: what keeps the order is that one object writes each key,
// through an outbox that delivers in order, and writes again what a late put may have undone (objects/outbox/doubts.ts). `put`
// does not look at what is there: a location's copy could not tell, and KV would remember for a while that a key was absent.
import {
	formatRecord,
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

/** @param putText in place of the namespace's own `put` */
export function createKvRecordStore(
	kv: KVNamespace,
	putText: (key: string, text: string) => Promise<void> = (key, text) => kv.put(key, text),
): RecordStore {
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
			try {
				await putText(key, formatRecord(key, record));
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
