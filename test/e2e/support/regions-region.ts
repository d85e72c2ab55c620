// What a test may ask of a region, and do to one that is not home: let its copies of the stores lag, cut its way to stores and
// objects, and mend all of it.
import type { RecordStoreName } from "../../../src/storage/record-store-names.ts";
import type { Operable } from "./fleet.ts";
import { GATE_PATH, type Line, type LineCounts, type LineState } from "./regions-gate.ts";
import type { KvReplicator } from "./regions-replicator.ts";

export type RegionName = "home" | "east" | "west";
export type Lags = Readonly<Record<RecordStoreName, number>>;

export interface Region extends Operable {
	readonly name: RegionName;
	/** What a store of the region holds, past its Worker. @returns null = nothing under this key */
	storedVersion(store: RecordStoreName, key: string): Promise<number | null>;
}

export interface RemoteRegion extends Region {
	/** How far its copies of stores lag, ms, until it is set anew; Infinity = they stand still. */
	setLags(lags: Partial<Lags>): void;
	/** @param prefix of the keys that do not reach its KV for the time being; null = all do */
	holdKv(prefix: string | null): void;
	setLines(states: Partial<Record<Line, LineState>>): Promise<void>;
	/** how often each was asked since the start */
	counts(): Promise<LineCounts>;
	/** Neither stores nor objects can be reached, and the copies of the stores stand still. */
	cutOff(how: Exclude<LineState, "answers">): Promise<void>;
	/** Everything is as it was at the start. */
	rejoin(): Promise<void>;
}

/** @param setRedisDelay of the region's replica, if it has one @returns the region with what a test may do to it */
export function remoteRegion(
	region: Region,
	usualMs: Lags,
	replicator: KvReplicator,
	setRedisDelay: ((ms: number) => void) | undefined,
): RemoteRegion {
	const setLags = ({ kv, redis }: Partial<Lags>) => {
		if (kv !== undefined) replicator.setLag(region.name, kv);
		if (redis !== undefined) setRedisDelay?.(redis);
	};
	const gate = async (init: RequestInit): Promise<LineCounts> => {
		const answer = await fetch(region.url + GATE_PATH, init);
		return (await answer.json()) as LineCounts;
	};
	const setLines = async (states: Partial<Record<Line, LineState>>) => {
		await gate({ method: "PUT", body: JSON.stringify(states) });
	};
	return {
		...region,
		setLags,
		holdKv: (prefix) => replicator.hold(region.name, prefix),
		setLines,
		counts: () => gate({}),
		async cutOff(how) {
			setLags({ kv: Number.POSITIVE_INFINITY, redis: Number.POSITIVE_INFINITY });
			await setLines({ kv: how, redis: how, objects: how });
		},
		async rejoin() {
			setLags(usualMs);
			replicator.hold(region.name, null);
			await setLines({ kv: "answers", redis: "answers", objects: "answers" });
		},
	};
}
