// What an object has put into a store, without its seal; and what it would put there.
import { createLazyRecordSeal } from "../../src/signing/sealed/record-seal.ts";
import { formatRecord, parseRecord, type StoredRecord } from "../../src/storage/record-store.ts";
import { sealRecord } from "../../src/storage/sealed-records.ts";
import { TEST_SECRETS } from "./secrets.ts";

const seal = createLazyRecordSeal(TEST_SECRETS.MAC_KEYS);

/** @param text as it stands in the store @throws RecordStoreError when it is not this key's record */
export function readStored(key: string, text: string): StoredRecord {
	const { version, body } = parseRecord(key, text);
	if (typeof body !== "object" || body === null || !("content" in body)) throw new Error(`${key} is not sealed`);
	return { version, body: body.content };
}

/** @param now unix seconds at which it is sealed */
export async function sealedText(
	key: string,
	record: StoredRecord,
	now = Math.floor(Date.now() / 1_000),
): Promise<string> {
	return formatRecord(key, await sealRecord(seal, key, record, now));
}

/** @returns what KV holds under a key, without its seal; null = nothing */
export async function storedIn(kv: KVNamespace, key: string): Promise<StoredRecord | null> {
	const text = await kv.get(key);
	return text === null ? null : readStored(key, text);
}
