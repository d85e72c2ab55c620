// What the stores are asked while all of them fail: calls to each store for each read that somebody wanted. On a clock of its
// own, with the reader that the edge uses; nothing here depends on the machine.
import { type RecordReader, RecordStoreError } from "../../src/storage/record-store.ts";
import { createReplicatedRecordStore, readSettingsFor } from "../../src/storage/replicated/replicated-record-store.ts";
import { VirtualClock } from "../../test/support/stand-ins/virtual-clock.ts";

export interface Amplification {
	readonly title: string;
	/** calls to the store that is called most ÷ reads wanted, with breakers that never open: the retries by themselves */
	readonly withoutBreakers: number;
	/** the same as it is deployed */
	readonly deployed: number;
}

type Failure = "refuses" | "mute" | "malformed";

const CASES: readonly { readonly title: string; readonly failure: Failure; readonly stores: 1 | 2 }[] = [
	{ title: "one store, connections refused", failure: "refuses", stores: 1 },
	{ title: "two stores, connections refused", failure: "refuses", stores: 2 },
	{ title: "one store, mute", failure: "mute", stores: 1 },
	{ title: "two stores, mute", failure: "mute", stores: 2 },
	{ title: "two stores, answers that are no records", failure: "malformed", stores: 2 },
];

const START_MS = 1_800_000_000_000;
const KEY = "device:dev-a";
/** until a store refuses or answers nonsense */
const ANSWER_MS = 5;
/** between two reads, which do not wait for each other: 200 a second */
const PAUSE_MS = 5;
/** longer than any read takes */
const ALL_SETTLED_MS = 5_000;

/** @param reads wanted in each case */
export async function measureAmplification(reads: number): Promise<readonly Amplification[]> {
	const measured: Amplification[] = [];
	for (const { title, failure, stores } of CASES) {
		const withoutBreakers = await callsPerRead(failure, stores, reads, false);
		measured.push({ title, withoutBreakers, deployed: await callsPerRead(failure, stores, reads, true) });
	}
	return measured;
}

async function callsPerRead(failure: Failure, storeCount: number, reads: number, breakers: boolean): Promise<number> {
	const clock = new VirtualClock(START_MS);
	const calls = Array.from({ length: storeCount }, () => 0);
	const stores = calls.map((_, place) => {
		const store: RecordReader = {
			async get(key) {
				calls[place] = (calls[place] ?? 0) + 1;
				if (failure === "mute") return new Promise(() => {});
				await clock.sleep(ANSWER_MS);
				throw new RecordStoreError(failure === "refuses" ? "unreachable" : "malformed", key);
			},
		};
		return { name: `store ${place}`, store };
	});
	const settings = readSettingsFor(storeCount);
	const breaker = breakers ? settings.breaker : { ...settings.breaker, minCalls: Number.POSITIVE_INFINITY };
	// The shortest pauses that a breaker may take: the most calls.
	const random = () => 0;
	const reader = createReplicatedRecordStore({ stores, clock, random, settings: { ...settings, breaker } });
	let succeeded = 0;
	for (let read = 0; read < reads; read++) {
		reader.get(KEY).then(
			() => {
				succeeded += 1;
			},
			() => {},
		);
		await clock.advance(PAUSE_MS);
	}
	await clock.advance(ALL_SETTLED_MS);
	if (succeeded > 0) throw new Error("a read succeeded although every store fails");
	return Math.max(...calls) / reads;
}
