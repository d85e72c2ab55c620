// Two stores on a clock of the test's own, a reader over them, and a read with its outcome and what it took.
import { type RecordReader, RecordStoreError } from "../../../src/storage/record-store.ts";
import {
	createReplicatedRecordStore,
	REPLICATED_READ_SETTINGS,
} from "../../../src/storage/replicated/replicated-record-store.ts";
import { FakeRecordStore } from "../../support/stand-ins/fake-record-store.ts";
import { VirtualClock } from "../../support/stand-ins/virtual-clock.ts";

export const KEY = "device:dev-a";
/** How long a store takes, if nothing else is said. */
export const ANSWER_MS = 5;

export interface Read {
	/** the record's version, null for none, or the error's code */
	readonly outcome: number | string | null;
	readonly ms: number;
}

export class Bench {
	readonly clock = new VirtualClock(1_800_000_000_000);
	readonly first = this.storeAnsweringIn(ANSWER_MS);
	readonly second = this.storeAnsweringIn(ANSWER_MS);

	storeAnsweringIn(ms: number): FakeRecordStore {
		const store = new FakeRecordStore();
		store.onGet = () => this.clock.sleep(ms);
		return store;
	}

	readerOver(stores: readonly FakeRecordStore[], settings = REPLICATED_READ_SETTINGS): RecordReader {
		const named = stores.map((store, place) => ({ name: `store ${place}`, store }));
		return createReplicatedRecordStore({ stores: named, clock: this.clock, random: () => 0, settings });
	}

	async read(reader: RecordReader): Promise<Read> {
		const reading = reader.get(KEY).then(
			(record) => record?.version ?? null,
			(error: unknown) => (error instanceof RecordStoreError ? error.code : String(error)),
		);
		const ms = await this.clock.untilSettled(reading);
		return { outcome: await reading, ms };
	}

	async readTimes(reader: RecordReader, times: number): Promise<Read[]> {
		const reads = [];
		for (let time = 0; time < times; time++) reads.push(await this.read(reader));
		return reads;
	}
}

/** Puts a version there behind the store's back, so that no put counts. */
export function hold(store: FakeRecordStore, version: number): void {
	store.texts.set(KEY, JSON.stringify({ key: KEY, version, body: `version ${version}` }));
}
