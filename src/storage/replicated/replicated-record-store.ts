// Reads over every store that holds the records, as if they were one: the first that is well leads, the next stands by. One
// that is slow costs the hedge (what it usually takes), one that is down costs nothing once its breaker is open, and a retry is rare enough never to
// add to an outage. Writes do not come here: the outbox delivers them to each store (objects/outbox/outbox.ts).

import type { Clock } from "../clock.ts";
import { type FoundRecord, type RecordReader, RecordStoreError } from "../record-store.ts";
import { type BreakerSettings, createCircuitBreaker, type Standing } from "./circuit-breaker.ts";
import { type AttemptEnd, hedgedRead, type ReadAttempt } from "./hedged-read.ts";
import { createRetryBudget } from "./retry-budget.ts";
import { createUsualLatency, type UsualLatency } from "./usual-latency.ts";

export interface ReplicatedReadSettings {
	/** for each store */
	readonly timeoutMs: number;
	/** until the next store is asked as well, where nothing else was measured, and at least */
	readonly hedgeMs: number;
	/** at most, however long the store usually takes */
	readonly maxHedgeMs: number;
	/** retries per hundred reads */
	readonly retryPercent: number;
	readonly breaker: BreakerSettings;
}

export const REPLICATED_READ_SETTINGS: ReplicatedReadSettings = {
	timeoutMs: 150,
	hedgeMs: 40,
	// A mute store then costs a read 120 ms and what the other takes, and its breaker ends that after 20 reads.
	maxHedgeMs: 120,
	retryPercent: 10,
	breaker: {
		windowMs: 10_000,
		minCalls: 20,
		badShare: 0.5,
		openMinMs: 5_000,
		openMaxMs: 30_000,
		probeMs: 1_000,
		// The longest pause of an outbox: by then a store that was away has got what it missed.
		holdDownMs: 300_000,
	},
};

/** A store that stands alone is waited for longer: behind it there is only the object that owns the record, far away. */
const LONE_STORE_TIMEOUT_MS = 1_000;

/** @param storeCount how many stores the deployment has */
export function readSettingsFor(storeCount: number): ReplicatedReadSettings {
	return storeCount > 1 ? REPLICATED_READ_SETTINGS : { ...REPLICATED_READ_SETTINGS, timeoutMs: LONE_STORE_TIMEOUT_MS };
}

export interface ReplicatedRecordStoreOptions {
	/** in the order in which they are read */
	readonly stores: readonly { readonly name: string; readonly store: RecordReader }[];
	readonly clock: Clock;
	/** 0 ≤ x < 1 */
	readonly random: () => number;
	readonly settings: ReplicatedReadSettings;
}

/** How soon a store in this standing is asked. One that is due goes first, once: the others then cover for it as a hedge. */
const TURN: Readonly<Record<Exclude<Standing, "open">, number>> = { due: 0, leads: 1, follows: 2 };

export function createReplicatedRecordStore(options: ReplicatedRecordStoreOptions): RecordReader {
	const { clock, random, settings } = options;
	const budget = createRetryBudget(settings.retryPercent);
	const members = options.stores.map(({ store }) => ({
		store,
		breaker: createCircuitBreaker(settings.breaker, random),
		usual: createUsualLatency({ minMs: settings.hedgeMs, maxMs: settings.maxHedgeMs }),
	}));

	/** Also an answer that the other store was ahead of says how far away this one is; one beyond the timeout, that it is ill. */
	async function timed(store: RecordReader, key: string, usual: UsualLatency): Promise<FoundRecord | null> {
		const startedMs = clock.nowMs();
		const record = await store.get(key);
		const ms = clock.nowMs() - startedMs;
		if (ms < settings.timeoutMs) usual.note(ms);
		return record;
	}

	function attemptsAt(nowMs: number, key: string): ReadAttempt[] {
		const turns: { turn: number; attempt: ReadAttempt }[] = [];
		for (const { store, breaker, usual } of members) {
			const standing = breaker.standing(nowMs);
			if (standing === "open") continue;
			const attempt: ReadAttempt = {
				hedgeMs: usual.ms(),
				enter: () => breaker.enter(clock.nowMs()),
				read: () => timed(store, key, usual),
				leave: (end) => breaker.leave(clock.nowMs(), OUTCOMES[end]),
			};
			turns.push({ turn: TURN[standing], attempt });
		}
		return turns.sort((a, b) => a.turn - b.turn).map(({ attempt }) => attempt);
	}

	return {
		async get(key) {
			const startedMs = clock.nowMs();
			budget.earn();
			try {
				return await hedgedRead(key, attemptsAt(startedMs, key), settings, clock);
			} catch (error) {
				// Only what failed at once: who has waited for a mute store has no time for it left.
				if (!isUnreachable(error) || clock.nowMs() - startedMs >= settings.hedgeMs) throw error;
				const [again] = attemptsAt(clock.nowMs(), key);
				if (again === undefined || !budget.spend()) throw error;
				return await hedgedRead(key, [again], settings, clock);
			}
		},
	};
}

const OUTCOMES = {
	answered: "good",
	failed: "bad",
	overtaken: "bad",
	abandoned: "abandoned",
} as const satisfies Record<AttemptEnd, string>;

function isUnreachable(error: unknown): boolean {
	return error instanceof RecordStoreError && error.code === "unreachable";
}
