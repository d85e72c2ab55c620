// Records in the memory of one isolate, in front of the store and of the objects that own them. Bounded; an older version never
// replaces a newer one that is held; a store's record counts while its seal is right and it has not ended; one that the store cannot
// give is asked of its owner; one that nobody can give is answered from the last good copy, and the reader is told. Records that are
// read all the time are renewed before anybody waits. Does not promise freshness beyond the seconds that a kind allows.

import { createBoundedEntries } from "../bounded-entries.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { ReadScope, RecordKind } from "../record-kind.ts";
import type { RecordSeal } from "../record-seal.ts";
import { type FoundRecord, type RecordOrigin, type RecordReader, RecordStoreError } from "../record-store.ts";
import { claimedEnd, openRecord, recordLifeSeconds } from "../sealed-records.ts";
import { settlesWithin } from "../time-limit.ts";
import { type Copy, createHeldRecords, type HeldRecord } from "./held-records.ts";
import type { LocationCopies } from "./location-copies.ts";
import { createRecordSource, type FoundReader } from "./record-source.ts";

export interface RecordCache {
	/** @returns the fresh copy; null = known to be absent; undefined = not known, use `get`. May start its renewal behind. */
	peek<T>(key: string, scope: ReadScope): T | null | undefined;
	/**
	 * @returns the record, or null if neither the store nor its owner has one
	 * @throws RecordStoreError when there is no usable copy and neither the store nor the owner could be asked
	 */
	get<T>(key: string, kind: RecordKind<T>, scope: ReadScope): Promise<T | null>;
	/**
	 * As `get`, but from the record's owner, for who knows that the stores are behind.
	 * @throws RecordStoreError when the owner cannot be asked
	 */
	getFromOwner<T>(key: string, kind: RecordKind<T>, scope: ReadScope): Promise<T | null>;
}

export interface RecordCacheOptions {
	/** its records are sealed */
	readonly store: RecordReader;
	readonly seal: Pick<RecordSeal, "verify">;
	readonly origin: RecordOrigin;
	/** where a last good copy may be that this isolate does not have; its records are sealed */
	readonly lastGoodOf?: LocationCopies["lastGood"];
	/** as `createHeldRecords` has it */
	readonly maxBytes: number;
	readonly clock?: Clock;
	/** how long to wait for a request that already reads the same record, before reading it oneself */
	readonly flightWaitMs?: number;
	/** how long to wait for the store before asking the owner */
	readonly storeTimeoutMs?: number;
	/** how long to wait for the owner */
	readonly originTimeoutMs?: number;
}

interface Flight {
	readonly startedMs: number;
	readonly done: Promise<unknown>;
}

/** A key that does not exist may exist a moment later (a device that is just being activated). */
const ABSENT_MS = 2_000;
/** Absent keys are chosen by callers, so they get their own small room and cannot push out what exists. */
const MAX_ABSENT = 1_024;
/** After a failed renewal the stale copy is good for this long, so that an outage does not turn each request into a read. */
const RETRY_MS = 1_000;
/** What is used so often between two readings is hot: used all the time, most likely also when it is no longer fresh. */
const HOT_USES = 3;
const MAX_FLIGHTS = 4_096;
/** A flight this old belongs to a request that was cancelled: workerd never finishes those. */
const DEAD_FLIGHT_MS = 10_000;
const FLIGHT_WAIT_MS = 500;
const STORE_TIMEOUT_MS = 1_000;
const ORIGIN_TIMEOUT_MS = 1_000;

export function createRecordCache(options: RecordCacheOptions): RecordCache {
	const { store, seal, origin, maxBytes, clock = systemClock, flightWaitMs = FLIGHT_WAIT_MS } = options;
	const { storeTimeoutMs = STORE_TIMEOUT_MS, originTimeoutMs = ORIGIN_TIMEOUT_MS } = options;
	const source = createRecordSource({ store, origin, clock, storeTimeoutMs, originTimeoutMs });
	const held = createHeldRecords(maxBytes);
	const absent = createBoundedEntries<number>(MAX_ABSENT);
	const flights = createBoundedEntries<Flight>(MAX_FLIGHTS);

	function peek<T>(key: string, scope: ReadScope): T | null | undefined {
		const { nowMs } = scope;
		const entry = held.get(key);
		if (entry !== undefined) {
			if (nowMs >= entry.freshUntilMs) return undefined;
			entry.uses += 1;
			if (nowMs >= entry.aheadMs && entry.uses > HOT_USES) renewAhead(key, entry, scope);
			// A key has one kind, fixed by its prefix (keys.ts), so the record parsed under it has the caller's type.
			return entry.value as T;
		}
		const absentUntilMs = absent.get(key);
		return absentUntilMs !== undefined && nowMs < absentUntilMs ? null : undefined;
	}

	/** Has a hot copy renewed behind the answer. If that fails, nothing is lost: it is still fresh. */
	function renewAhead(key: string, entry: HeldRecord, { nowMs, waitUntil }: ReadScope): void {
		// First, so that no request of the next moment comes here again.
		entry.aheadMs = nowMs + RETRY_MS;
		if (flightOf(key, nowMs) === null) waitUntil(startFlight(key, entry.kind, nowMs).catch(() => {}));
	}

	async function get<T>(key: string, kind: RecordKind<T>, scope: ReadScope): Promise<T | null> {
		const { nowMs } = scope;
		const fresh = peek<T>(key, scope);
		if (fresh !== undefined) return fresh;
		const entry = held.get(key);
		if (entry === undefined || nowMs >= entry.staleUntilMs) return loadOrLastGood(key, kind, scope);
		if (flightOf(key, nowMs) === null) scope.waitUntil(renew(key, kind, nowMs, entry));
		return entry.value as T;
	}

	async function getFromOwner<T>(key: string, kind: RecordKind<T>, { nowMs }: ReadScope): Promise<T | null> {
		const copy = await source.findOwned(key, readerOf(key, kind, nowMs));
		return copy === null ? null : kept(key, kind, nowMs, copy);
	}

	async function loadOrLastGood<T>(key: string, kind: RecordKind<T>, scope: ReadScope): Promise<T | null> {
		const { nowMs } = scope;
		const known = held.lastGood(key, kind, nowMs);
		if (known !== null && (nowMs < known.askAgainMs || isTriedByOther(key, known, nowMs))) return give<T>(known, scope);
		const startedMs = clock.nowMs();
		try {
			return await load(key, kind, scope);
		} catch (error) {
			// Looked up again: a read of another request may have brought something meanwhile.
			if (held.lastGood(key, kind, nowMs) === null) await adoptLastGood(key, kind);
			const copy = held.lastGood(key, kind, nowMs);
			if (copy === null) throw error;
			// From the failure on: a reading that nobody answers takes longer than the pause.
			copy.askAgainMs = nowMs + (clock.nowMs() - startedMs) + Math.min(RETRY_MS, kind.freshSeconds * 1_000);
			return give<T>(copy, scope);
		}
	}

	/** Once a reading was in vain, one request at a time waits for the next; all others have their answer at once. */
	function isTriedByOther(key: string, known: HeldRecord, nowMs: number): boolean {
		return known.askAgainMs > known.readMs && flightOf(key, nowMs) !== null;
	}

	function give<T>(copy: HeldRecord, scope: ReadScope): T {
		scope.noteLastGood(copy.readMs);
		return copy.value as T;
	}

	/** Renews a copy that is being given out meanwhile; never rejects. */
	async function renew<T>(key: string, kind: RecordKind<T>, nowMs: number, entry: HeldRecord): Promise<void> {
		try {
			await startFlight(key, kind, nowMs);
		} catch {
			entry.freshUntilMs = Math.min(nowMs + RETRY_MS, entry.staleUntilMs);
		}
	}

	/** One read per key at a time; a request waits for another's read only for a moment. */
	async function load<T>(key: string, kind: RecordKind<T>, scope: ReadScope): Promise<T | null> {
		const { nowMs } = scope;
		const flight = flightOf(key, nowMs);
		if (flight === null) return startFlight(key, kind, nowMs);
		// The other request may be cancelled, and then its promise is never settled: hence the time limit.
		if (await settlesWithin(clock, flightWaitMs, flight.done)) return flight.done as Promise<T | null>;
		// Of those who waited in vain the first reads; the others take what it has read, or join it.
		const fresh = peek<T>(key, scope);
		if (fresh !== undefined) return fresh;
		const next = flightOf(key, nowMs);
		if (next !== null && next !== flight && (await settlesWithin(clock, flightWaitMs, next.done))) {
			return next.done as Promise<T | null>;
		}
		return startFlight(key, kind, nowMs);
	}

	function flightOf(key: string, nowMs: number): Flight | null {
		const flight = flights.get(key);
		return flight !== undefined && nowMs - flight.startedMs < DEAD_FLIGHT_MS ? flight : null;
	}

	function startFlight<T>(key: string, kind: RecordKind<T>, nowMs: number): Promise<T | null> {
		const reading = read(key, kind, nowMs).finally(() => {
			if (flights.get(key) === flight) flights.delete(key);
		});
		const flight: Flight = { startedMs: nowMs, done: reading };
		flights.set(key, flight);
		return reading;
	}

	async function read<T>(key: string, kind: RecordKind<T>, nowMs: number): Promise<T | null> {
		const copy = await source.find(key, readerOf(key, kind, nowMs));
		if (copy !== null) return kept(key, kind, nowMs, copy);
		held.drop(key);
		// Not remembered for longer than the record itself would be: zero fresh seconds ask each time.
		absent.set(key, nowMs + Math.min(ABSENT_MS, kind.freshSeconds * 1_000));
		return null;
	}

	function readerOf<T>(key: string, kind: RecordKind<T>, nowMs: number): FoundReader<Copy<T>> {
		return {
			stored: (record) => copyOfStored(key, kind, record, nowMs),
			owned: ({ version, body, bytes }) => {
				const endsMs = nowMs + (recordLifeSeconds(key) ?? Number.POSITIVE_INFINITY) * 1_000;
				return { version, bytes, value: parseOnce(key, kind, version, body), endsMs };
			},
		};
	}

	/** @throws RecordStoreError when it is not sealed as it should be, or has ended; then the owner is asked */
	async function copyOfStored<T>(
		key: string,
		kind: RecordKind<T>,
		record: FoundRecord,
		nowMs: number,
	): Promise<Copy<T>> {
		const known = held.get(key);
		if (known !== undefined && known.version >= record.version) {
			// The same version, or a location that lags behind what this isolate has seen. What is known need not be verified
			// again, unless it is to count for longer.
			const countsLonger = known.version === record.version && endOf(claimedEnd(record)) > known.endsMs;
			if (nowMs < known.endsMs && !countsLonger) return { ...known, value: known.value as T, readMs: record.readMs };
			if (known.version > record.version) throw new RecordStoreError("ended", key);
		}
		const copy = await openCopy(key, kind, record);
		if (nowMs < copy.endsMs) return copy;
		held.keepForNeed(key, kind, copy, copy.endsMs);
		throw new RecordStoreError("ended", key);
	}

	/** @throws RecordStoreError when it is not sealed as it should be */
	async function openCopy<T>(key: string, kind: RecordKind<T>, record: FoundRecord): Promise<Copy<T>> {
		const { version, body, bytes, until } = await openRecord(seal, key, record);
		const value = parseOnce(key, kind, version, body);
		return { version, bytes, value, endsMs: endOf(until), readMs: record.readMs };
	}

	function parseOnce<T>(key: string, kind: RecordKind<T>, version: number, body: unknown): T {
		const known = held.get(key);
		return known?.version === version ? (known.value as T) : kind.parse(body);
	}

	/** An isolate that has just started knows nothing; another of its location may have. */
	async function adoptLastGood<T>(key: string, kind: RecordKind<T>): Promise<void> {
		try {
			const found = (await options.lastGoodOf?.(key)) ?? null;
			if (found === null) return;
			const copy = await openCopy(key, kind, found.record);
			held.keepForNeed(key, kind, copy, Math.min(copy.endsMs, found.readMs));
		} catch {
			// What the location has is nothing that this isolate could use either.
		}
	}

	function kept<T>(key: string, kind: RecordKind<T>, nowMs: number, copy: Copy<T>): T {
		absent.delete(key);
		return held.keep(key, kind, nowMs, copy);
	}

	return { peek, get, getFromOwner };
}

/** @param until unix seconds; null = for ever; undefined = not said @returns unix ms */
function endOf(until: number | null | undefined): number {
	return typeof until === "number" ? until * 1_000 : Number.POSITIVE_INFINITY;
}
