// Shared records in the cache of one location (Cache API), between the isolates there and the stores. Guarantees: `heads` is
// read from a store once per location and few seconds, however many isolates ask, and a revision once; only records whose
// seal was verified are kept, and they stay sealed; a cache that is slow or broken costs a moment. Keeps no device's record.
// Does not promise one reading at a time: isolates that miss in the same moment all read.
import type { Clock } from "../clock.ts";
import { HEADS_KEY } from "../keys.ts";
import type { RecordSeal } from "../record-seal.ts";
import {
	type FoundRecord,
	formatRecord,
	isRevisionKey,
	parseRecord,
	type RecordOrigin,
	type RecordReader,
	RecordStoreError,
} from "../record-store.ts";
import { claimedEnd, openRecord, sealRecord } from "../sealed-records.ts";
import { settlesWithin, within } from "../time-limit.ts";

/** A record that the location had, still sealed. */
export interface LocationCopy {
	readonly record: FoundRecord;
	/** when a store or the owner gave it, unix ms */
	readonly readMs: number;
}

export interface LocationCopies {
	/** the stores, asked where the location has no fresh copy */
	readonly store: RecordReader;
	/**
	 * The owners; what they say of a shared record is sealed and kept, so that one isolate asks for all of its location. For some
	 * seconds after the owner of `heads` did not answer, nobody there asks it.
	 */
	readonly origin: RecordOrigin;
	/** @returns the copy that the location has, however old, for who can ask nobody else; null = it has none. Never rejects */
	lastGood(key: string): Promise<LocationCopy | null>;
}

export interface LocationCopiesOptions {
	readonly store: RecordReader;
	readonly origin: RecordOrigin;
	readonly seal: RecordSeal;
	readonly cache: Pick<Cache, "match" | "put">;
	/** origin of the service, for the cache's keys */
	readonly issuer: string;
	/** how long a copy of `heads` counts (locationSeconds); 0 = nothing is kept */
	readonly headsSeconds: number;
	/** how long a copy of `heads` is kept for `lastGood`; 0 = not longer than it counts */
	readonly lastGoodSeconds: number;
	readonly clock: Clock;
}

/** Each second fewer costs more reads, each second more is waited for by revocations (revocation-bound.ts). */
const HEADS_SECONDS = 5;
/** A revision never changes; it is used for as long as `heads` names it. */
const REVISION_SECONDS = 86_400;
/** A cache in the same building that takes longer is not worth waiting for. */
const PATIENCE_MS = 50;
/** As long as a request waits for an owner (record-cache.ts), so that its silence is noted. */
const OWNER_PATIENCE_MS = 1_000;

/**
 * Seconds for which the isolates of a location share a copy of `heads`. Where isolates keep nothing, their location does not
 * either.
 */
export function locationSeconds(headsFreshSeconds: number): number {
	return Math.min(headsFreshSeconds, HEADS_SECONDS);
}

function headersFor(seconds: number, readMs: number): Record<string, string> {
	return { "cache-control": `public, max-age=${seconds}`, "x-read-ms": String(readMs) };
}

export function createLocationCopies(options: LocationCopiesOptions): LocationCopies {
	const { store, origin, seal, cache, issuer, headsSeconds, lastGoodSeconds, clock } = options;

	function isKept(key: string): boolean {
		return headsSeconds > 0 && (key === HEADS_KEY || isRevisionKey(key));
	}

	const requestFor = (key: string, of = "records") => new Request(`${issuer}/${of}/${encodeURIComponent(key)}`);

	async function readCopy(key: string): Promise<LocationCopy | null> {
		const hit = await cache.match(requestFor(key));
		if (hit === undefined) return null;
		return { record: parseRecord(key, await hit.text()), readMs: Number(hit.headers.get("x-read-ms")) };
	}

	/** @returns what the cache says; undefined where it is slow, or broken */
	async function inTime<T>(asking: Promise<T>): Promise<T | undefined> {
		const caught = asking.catch(() => undefined);
		return (await settlesWithin(clock, PATIENCE_MS, caught)) ? caught : undefined;
	}

	async function find(key: string): Promise<LocationCopy | null> {
		return (await inTime(readCopy(key))) ?? null;
	}

	function counts(key: string, { record, readMs }: LocationCopy): boolean {
		const nowMs = clock.nowMs();
		if ((claimedEnd(record) ?? Number.POSITIVE_INFINITY) * 1_000 <= nowMs) return false;
		return isRevisionKey(key) || Math.abs(nowMs - readMs) < headsSeconds * 1_000;
	}

	async function isSilent(key: string): Promise<boolean> {
		const hit = await inTime(cache.match(requestFor(key, "silent")));
		return hit !== undefined && clock.nowMs() - Number(hit.headers.get("x-read-ms")) < headsSeconds * 1_000;
	}

	async function noteSilence(key: string): Promise<void> {
		const headers = headersFor(headsSeconds, clock.nowMs());
		await settlesWithin(clock, PATIENCE_MS, cache.put(requestFor(key, "silent"), new Response(".", { headers })));
	}

	async function askOwner(key: string): Promise<FoundRecord | null> {
		if (key !== HEADS_KEY) return origin.read(key);
		let isLeftAlone = false;
		const asking = async () => {
			isLeftAlone = await isSilent(key);
			if (isLeftAlone) throw new RecordStoreError("unreachable", key);
			return origin.read(key);
		};
		try {
			return await within(clock, OWNER_PATIENCE_MS, key, asking());
		} catch (error) {
			if (!isLeftAlone) await noteSilence(key);
			throw error;
		}
	}

	async function keep(key: string, record: FoundRecord, readMs: number): Promise<void> {
		// An object that is asked for an earlier revision gives the one of now.
		if (isRevisionKey(key) && !key.endsWith(`@${record.version}`)) return;
		try {
			await openRecord(seal, key, record);
			const seconds = isRevisionKey(key) ? REVISION_SECONDS : Math.max(headsSeconds, lastGoodSeconds);
			const headers = headersFor(seconds, readMs);
			const put = cache.put(requestFor(key), new Response(formatRecord(key, record), { headers }));
			await settlesWithin(clock, PATIENCE_MS, put);
		} catch {
			// Not kept: the next isolate reads the store, as this one did.
		}
	}

	return {
		store: {
			async get(key) {
				if (!isKept(key)) return store.get(key);
				const copy = await find(key);
				if (copy !== null && counts(key, copy)) return { ...copy.record, readMs: copy.readMs };
				// As old as the moment at which it was asked for.
				const askedMs = clock.nowMs();
				const found = await store.get(key);
				// A store that lags behind what the location has seen of the owner does not take it back.
				if (found !== null && found.version >= (copy?.record.version ?? 0)) await keep(key, found, askedMs);
				return found;
			},
		},
		origin: {
			async read(key) {
				const askedMs = clock.nowMs();
				if (!isKept(key)) return origin.read(key);
				const owned = await askOwner(key);
				if (owned === null) return null;
				const sealed = await sealRecord(seal, key, owned, Math.floor(askedMs / 1_000));
				await keep(key, { ...sealed, bytes: owned.bytes }, askedMs);
				return owned;
			},
		},
		lastGood: async (key) => (isKept(key) ? find(key) : null),
	};
}
