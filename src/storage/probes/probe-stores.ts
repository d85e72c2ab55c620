// How each store is right now, for operators: whether it answers, how fast, and whether its `heads` is the Directory's.
// One read per store; writes nothing.
import type { Clock } from "../clock.ts";
import { HEADS_KEY } from "../keys.ts";
import { type RecordReader, RecordStoreError } from "../record-store.ts";
import type { RecordStoreName } from "../record-store-names.ts";
import { within } from "../time-limit.ts";

/** behind, ahead: another version of `heads` than the Directory's; empty: none; unknown: the Directory cannot be asked. */
export type StoreState = "current" | "behind" | "ahead" | "empty" | "unreadable" | "unreachable" | "unknown";

export interface StoreProbe {
	readonly name: RecordStoreName;
	readonly state: StoreState;
	/** until the answer, or until nobody waited any longer */
	readonly latencyMs: number;
	/** version of `heads` there; null = none, or not known */
	readonly headsVersion: number | null;
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
			const finish = (state: StoreState, headsVersion: number | null): StoreProbe => ({
				name,
				state,
				latencyMs: clock.nowMs() - startedMs,
				headsVersion,
			});
			try {
				const record = await within(clock, PROBE_TIMEOUT_MS, HEADS_KEY, store.get(HEADS_KEY));
				const version = record?.version ?? 0;
				return finish(judge(version, trueVersion), record === null ? null : version);
			} catch (error) {
				const answered = error instanceof RecordStoreError && error.code !== "unreachable";
				return finish(answered ? "unreadable" : "unreachable", null);
			}
		}),
	);
}

/** @param version 0 = the store has none */
function judge(version: number, trueVersion: number | null): StoreState {
	if (trueVersion === null) return "unknown";
	if (version === trueVersion) return "current";
	if (version === 0) return "empty";
	return version < trueVersion ? "behind" : "ahead";
}
