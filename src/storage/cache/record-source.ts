// Where the cache reads a record: in the store, else from the object that owns it. Nobody is waited for without end.
import type { Clock } from "../clock.ts";
import { type FoundRecord, type RecordOrigin, type RecordReader, RecordStoreError } from "../record-store.ts";
import { within } from "../time-limit.ts";

export interface RecordSourceOptions {
	readonly store: RecordReader;
	readonly origin: RecordOrigin;
	readonly clock: Clock;
	/** how long to wait for the store before asking the owner */
	readonly storeTimeoutMs: number;
	/** how long to wait for the owner */
	readonly originTimeoutMs: number;
}

/** A store's record is sealed and may be anything; the owner's comes straight from its object. */
export interface FoundReader<T> {
	stored(record: FoundRecord): Promise<T>;
	owned(record: FoundRecord): T;
}

export interface RecordSource {
	/**
	 * @param reader makes of a record what the caller wants; what it throws of a store's is the record's fault, so the owner is
	 *   asked
	 * @returns null when neither the store nor the owner has the record
	 * @throws RecordStoreError when neither could be asked; what the reader throws when it is the owner's record
	 */
	find<T>(key: string, reader: FoundReader<T>): Promise<T | null>;
	/** The same without the store, for a record of which it is known that the store's is old. */
	findOwned<T>(key: string, reader: FoundReader<T>): Promise<T | null>;
}

export function createRecordSource(options: RecordSourceOptions): RecordSource {
	const { store, origin, clock, storeTimeoutMs, originTimeoutMs } = options;

	/** @returns null also when the store cannot answer or holds something unreadable */
	async function askStore<T>(key: string, reader: FoundReader<T>): Promise<T | null> {
		try {
			const record = await within(clock, storeTimeoutMs, key, store.get(key));
			return record === null ? null : await reader.stored(record);
		} catch {
			return null;
		}
	}

	async function askOrigin(key: string): Promise<FoundRecord | null> {
		try {
			return await within(clock, originTimeoutMs, key, origin.read(key));
		} catch (cause) {
			throw cause instanceof RecordStoreError ? cause : new RecordStoreError("unreachable", key, { cause });
		}
	}

	async function findOwned<T>(key: string, reader: FoundReader<T>): Promise<T | null> {
		const owned = await askOrigin(key);
		return owned === null ? null : reader.owned(owned);
	}

	return { find: async (key, reader) => (await askStore(key, reader)) ?? findOwned(key, reader), findOwned };
}
