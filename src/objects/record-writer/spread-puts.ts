// By which way a record goes to KV: by the object's own six connections as long as one is free, else by those of a RecordWriter. Whoever
// changes one device therefore waits for no other object; whoever writes 100,000 is five times as fast.
import { placeOf } from "../../entitlement/place.ts";
import type { Clock } from "../../storage/clock.ts";
import { within } from "../../storage/time-limit.ts";
import { type ObjectNamespace, objectAt } from "../places.ts";

export type PutText = (key: string, text: string) => Promise<void>;

/** What the platform lets one object have open at a time. */
const PUTS_EACH = 6;
/** 100,000 records within half an hour need seventeen connections at 300 ms a put; with the object's own these are thirty. */
export const WRITERS = 4;
/** Puts that may be under way together. */
export const SPREAD_PUTS = PUTS_EACH * (1 + WRITERS);
/** A writer that has failed is left alone for so long: what is tried again meanwhile goes by the object's own connections. */
const REST_MS = 60_000;
/** As long as an outbox waits for a step: what has not answered by then holds no place any more. */
const TIMEOUT_MS = 30_000;

/**
 * @param own put by the object's own connections
 * @param writers by others; none = all by its own
 * @returns put by the first way that has room. It throws what that way throws, and tries no other: the put may still be made, which only the
 *   outbox knows to set right
 */
export function spreadPuts(own: PutText, writers: readonly PutText[], clock: Clock): PutText {
	const first = { put: own, underWay: 0, restsUntilMs: 0 };
	const inTime = (put: PutText) => (key: string, text: string) => within(clock, TIMEOUT_MS, "writer", put(key, text));
	const ways = [first, ...writers.map((put) => ({ put: inTime(put), underWay: 0, restsUntilMs: 0 }))];
	return async (key, text) => {
		const way = ways.find((one) => one.underWay < PUTS_EACH && one.restsUntilMs <= clock.nowMs()) ?? first;
		way.underWay += 1;
		try {
			await way.put(key, text);
		} catch (error) {
			if (way !== first) way.restsUntilMs = clock.nowMs() + REST_MS;
			throw error;
		} finally {
			way.underWay -= 1;
		}
	};
}

/** @param account name of its object, known once there are records; near it, or in its jurisdiction, its writers live */
export function recordWriters(
	writers: ObjectNamespace<{ put(key: string, text: string): Promise<void> }>,
	account: () => string,
): readonly PutText[] {
	return Array.from({ length: WRITERS }, (_, index) => (key: string, text: string) => {
		const name = account();
		return objectAt(writers, `${name}.${index}`, placeOf(name)).put(key, text);
	});
}
