// How long it takes until no edge serves a device any more that was refused: computed from the configured lifetimes and
// from what each store promises. Counted from the moment when a call answered `published: true`, that is, when every store
// has the denial. While neither stores nor objects can be read there is no such bound: then LAST_GOOD_SECONDS holds.
import { locationSeconds } from "./cache/location-copies.ts";
import type { RecordStoreName } from "./record-store-names.ts";
import { headsStaleSeconds } from "./records.ts";

/**
 * Seconds until a read anywhere sees a write, as the makers state it. Workers KV: "up to 60 seconds or more", of which a
 * location's own copy (30 s, kv-record-store.ts) is a part. A global Redis database replicates asynchronously, as a rule
 * within a second.
 */
const PROPAGATION_SECONDS: Readonly<Record<RecordStoreName, number>> = { kv: 60, redis: 1 };

export interface RevocationBound {
	/** of the whole deployment: of its slowest store, since a read may have to go there */
	readonly seconds: number;
	/** how old the copy of an isolate may be when it answers */
	readonly isolateSeconds: number;
	/** how old the copy of a location may be when an isolate takes it (location-copies.ts) */
	readonly locationSeconds: number;
	readonly stores: readonly {
		readonly name: RecordStoreName;
		readonly propagationSeconds: number;
		readonly seconds: number;
	}[];
}

/**
 * @param stores the deployment's, in any order, at least one
 * @param headsFreshSeconds how long an isolate takes its copy of `heads` without asking
 */
export function revocationBound(stores: readonly RecordStoreName[], headsFreshSeconds: number): RevocationBound {
	const isolateSeconds = headsFreshSeconds + headsStaleSeconds(headsFreshSeconds);
	const sharedSeconds = locationSeconds(headsFreshSeconds);
	const each = stores.map((name) => {
		const propagationSeconds = PROPAGATION_SECONDS[name];
		return { name, propagationSeconds, seconds: propagationSeconds + sharedSeconds + isolateSeconds };
	});
	const seconds = Math.max(...each.map((store) => store.seconds));
	return { seconds, isolateSeconds, locationSeconds: sharedSeconds, stores: each };
}
