// The copies of records that an isolate holds, with the times of each. Guarantees: bounded; one place for all revisions of a
// record; an older version never replaces a newer one while that is held. Reads nothing, verifies nothing, has no clock.

import { createBoundedEntries } from "../bounded-entries.ts";
import type { RecordKind } from "../record-kind.ts";
import { isRevisionKey, revisionOf, seriesOf } from "../record-store.ts";

/** A record as it was read. */
export interface Copy<T> {
	readonly version: number;
	readonly value: T;
	readonly bytes: number;
	/** when a store gave it, unix ms, where that was before now */
	readonly readMs?: number | undefined;
	/** when the record stops counting, from whichever store it comes, unix ms; Infinity = never */
	readonly endsMs: number;
}

export interface HeldRecord extends Omit<Copy<unknown>, "endsMs" | "readMs"> {
	readonly kind: RecordKind<unknown>;
	/** the revision as which it was given last, 0 = none: an owner that was set back gives an earlier one than was asked for */
	askedAs: number;
	endsMs: number;
	/** how often it was given since it was last read */
	uses: number;
	/** from when on a hot copy is renewed although it is fresh */
	aheadMs: number;
	freshUntilMs: number;
	staleUntilMs: number;
	/** when the store or the owner last showed it */
	readMs: number;
	/** after a reading in vain: when to try the next; later than `readMs` until one succeeds */
	askAgainMs: number;
}

export interface HeldRecords {
	/** @returns the copy, fresh or not, that answers for the key: of a revision that one or a later one */
	get(key: string): HeldRecord | undefined;
	/** @returns the copy, where nobody can be asked and the kind allows it at that time */
	lastGood(key: string, kind: RecordKind<unknown>, nowMs: number): HeldRecord | null;
	/** Keeps what was read now, unless a version as high is held: that one lives on. @returns what is held afterwards */
	keep<T>(key: string, kind: RecordKind<T>, nowMs: number, copy: Copy<T>): T;
	/**
	 * Keeps what is genuine and too old to be taken while its owner can be asked: better than nothing where it cannot.
	 * @param atMs when it was known to be so, unix ms
	 */
	keepForNeed<T>(key: string, kind: RecordKind<T>, copy: Copy<T>, atMs: number): void;
	/** Drops a record that is no more. A revision that is no more says nothing of the later ones, which stay. */
	drop(key: string): void;
}

/** A hot copy is renewed when so much of its fresh time is over. */
const AHEAD_SHARE = 0.8;
/** What a copy takes besides its record, which for the smallest is most of it. */
const ENTRY_BYTES = 200;

/** @param maxBytes of stored text, for all copies together; a copy counts ENTRY_BYTES more than its record */
export function createHeldRecords(maxBytes: number): HeldRecords {
	// By series: an owner that is asked for an old revision gives the one of now. When `heads` from a location that lags behind
	// then names a revision in between, its older content must not take the place of what is known (of a denial, for one).
	const places = createBoundedEntries<HeldRecord>(maxBytes, ({ bytes }) => ENTRY_BYTES + bytes);

	function get(key: string): HeldRecord | undefined {
		const held = places.get(seriesOf(key));
		if (held === undefined) return undefined;
		const revision = revisionOf(key);
		return held.version >= revision || held.askedAs === revision ? held : undefined;
	}

	function lastGood(key: string, { lastGoodSeconds }: RecordKind<unknown>, nowMs: number): HeldRecord | null {
		const held = get(key);
		return held !== undefined && nowMs < held.readMs + lastGoodSeconds * 1_000 ? held : null;
	}

	function keep<T>(key: string, kind: RecordKind<T>, nowMs: number, copy: Copy<T>): T {
		const known = places.get(seriesOf(key));
		const freshMs = kind.freshSeconds * 1_000;
		const { readMs = nowMs } = copy;
		const endsMs = Math.max(copy.endsMs, known !== undefined && known.version >= copy.version ? known.endsMs : 0);
		const freshUntilMs = Math.min(nowMs + freshMs, endsMs);
		const staleUntilMs = Math.min(nowMs + freshMs + kind.staleSeconds * 1_000, endsMs);
		if (known !== undefined && known.version >= copy.version) {
			// An owner that was set back to an earlier time tells an older one: the copy stays.
			known.askedAs = revisionOf(key);
			known.endsMs = endsMs;
			known.freshUntilMs = Math.max(known.freshUntilMs, freshUntilMs);
			known.staleUntilMs = Math.max(known.staleUntilMs, staleUntilMs);
			known.readMs = Math.max(known.readMs, readMs);
			known.askAgainMs = known.readMs;
			known.aheadMs = nowMs + freshMs * AHEAD_SHARE;
			known.uses = 0;
			return known.value as T;
		}
		const aheadMs = nowMs + freshMs * AHEAD_SHARE;
		const times = { aheadMs, freshUntilMs, staleUntilMs, readMs, askAgainMs: readMs };
		places.set(seriesOf(key), { ...copy, kind, askedAs: revisionOf(key), uses: 0, ...times });
		return copy.value;
	}

	function keepForNeed<T>(key: string, kind: RecordKind<T>, copy: Copy<T>, atMs: number): void {
		const known = places.get(seriesOf(key));
		if (known !== undefined && known.version >= copy.version) return;
		const times = { aheadMs: atMs, freshUntilMs: atMs, staleUntilMs: atMs, readMs: atMs, askAgainMs: atMs };
		places.set(seriesOf(key), { ...copy, kind, askedAs: revisionOf(key), uses: 0, ...times });
	}

	function drop(key: string): void {
		if (!isRevisionKey(key)) places.delete(key);
	}

	return { get, lastGood, keep, keepForNeed, drop };
}
