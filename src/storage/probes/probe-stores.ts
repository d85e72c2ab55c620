// How each store is right now, for operators: whether it answers, how fast, whether its `heads` is the Directory's, and
// whether what every check needs beside it is there too. Products and devices are not read; writes nothing.
import type { z } from "zod";
import { deniedPart, deniedRecord } from "../../content/denied-list.ts";
import { type HeadsRecord, headsRecord } from "../../content/heads-record.ts";
import { messagesRecord } from "../../content/messages/message.ts";
import type { Clock } from "../clock.ts";
import { deniedKey, deniedPartKeys, HEADS_KEY, messagesKey } from "../keys.ts";
import { type RecordReader, RecordStoreError } from "../record-store.ts";
import type { RecordStoreName } from "../record-store-names.ts";
import { within } from "../time-limit.ts";

/**
 * incomplete: a record that `heads` names is not there, or not readable; behind, ahead: another version of `heads` than the
 * Directory's; empty: none; unknown: the Directory cannot be asked.
 */
export type StoreState =
	| "current"
	| "incomplete"
	| "behind"
	| "ahead"
	| "empty"
	| "unreadable"
	| "unreachable"
	| "unknown";

export interface StoreProbe {
	readonly name: RecordStoreName;
	readonly state: StoreState;
	/** until the answer, or until nobody waited any longer */
	readonly latencyMs: number;
	/** version of `heads` there; null = none, or not known */
	readonly headsVersion: number | null;
	/** keys of the records that make it `incomplete` */
	readonly broken: readonly string[];
}

const PROBE_TIMEOUT_MS = 2_000;

/**
 * @param trueVersion of `heads` in the Directory, 0 = nothing was ever published; null when it cannot be asked
 * @returns one probe per store, in their order; never rejects for a store that fails
 */
export function probeStores(
	stores: readonly { readonly name: RecordStoreName; readonly store: RecordReader }[],
	trueVersion: number | null,
	clock: Clock,
): Promise<StoreProbe[]> {
	return Promise.all(
		stores.map(async ({ name, store }) => {
			const startedMs = clock.nowMs();
			const end = (state: StoreState, headsVersion: number | null, broken: readonly string[] = []): StoreProbe => ({
				name,
				state,
				latencyMs: clock.nowMs() - startedMs,
				headsVersion,
				broken,
			});
			try {
				const record = await within(clock, PROBE_TIMEOUT_MS, HEADS_KEY, store.get(HEADS_KEY));
				if (record === null) return end(judge(0, trueVersion), null);
				const heads = headsRecord.safeParse(record.body);
				if (!heads.success) return end("unreadable", null);
				const broken = await brokenRecords(store, heads.data, clock);
				return end(broken.length > 0 ? "incomplete" : judge(record.version, trueVersion), record.version, broken);
			} catch (error) {
				return end(hasAnswered(error) ? "unreadable" : "unreachable", null);
			}
		}),
	);
}

/** @returns keys of what every check needs and the store cannot give @throws RecordStoreError when it does not answer */
async function brokenRecords(store: RecordReader, { messages, denied }: HeadsRecord, clock: Clock): Promise<string[]> {
	const broken: string[] = [];
	/** @returns null = it is not there, or not readable */
	const read = async <T>(key: string, schema: z.ZodType<T>): Promise<T | null> => {
		const reading = within(clock, PROBE_TIMEOUT_MS, key, store.get(key));
		const record = await reading.catch((error) => {
			if (hasAnswered(error)) return null;
			throw error;
		});
		const { success, data = null } = schema.safeParse(record?.body);
		if (!success) broken.push(key);
		return data;
	};
	const [, list] = await Promise.all([
		messages === 0 ? null : read(messagesKey(messages), messagesRecord),
		denied === 0 ? null : read(deniedKey(denied), deniedRecord),
	]);
	await Promise.all(deniedPartKeys(list?.parts).map((key) => read(key, deniedPart)));
	return broken;
}

function hasAnswered(error: unknown): boolean {
	return error instanceof RecordStoreError && error.code !== "unreachable";
}

/** @param version 0 = the store has none */
function judge(version: number, trueVersion: number | null): StoreState {
	if (trueVersion === null) return "unknown";
	if (version === trueVersion) return "current";
	if (version === 0) return "empty";
	return version < trueVersion ? "behind" : "ahead";
}
