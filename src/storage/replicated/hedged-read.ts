// One read over several stores: the next one is asked when the one before fails, has no such record, or takes long. The
// first record wins. Everything here belongs to one request and ends with it: no timer is left when the answer is there.
import type { Clock } from "../clock.ts";
import { type FoundRecord, RecordStoreError } from "../record-store.ts";

/** overtaken: a store that was asked after this one has answered first; abandoned: one that was asked before it has */
export type AttemptEnd = "answered" | "failed" | "overtaken" | "abandoned";

export interface ReadAttempt {
	/** from its start on, until the next store is asked as well: what it usually takes */
	readonly hedgeMs: number;
	/** @returns whether the store may be asked now */
	enter(): boolean;
	read(): Promise<FoundRecord | null>;
	/** called once for each attempt that was entered */
	leave(end: AttemptEnd): void;
}

export interface HedgedReadLimits {
	/** for each store, from its own start on */
	readonly timeoutMs: number;
}

interface Running {
	readonly attempt: ReadAttempt;
	/** how many were started before it */
	readonly place: number;
	readonly cancelTimeout: () => void;
}

/**
 * @param attempts in the order in which the stores are asked
 * @returns the record; of several that arrived together the one with the highest version; null if no store that answered has one
 * @throws the last failure, when no store answered; RecordStoreError `unreachable` when none could even be asked
 */
export function hedgedRead(
	key: string,
	attempts: readonly ReadAttempt[],
	{ timeoutMs }: HedgedReadLimits,
	clock: Clock,
): Promise<FoundRecord | null> {
	const { promise, resolve, reject } = Promise.withResolvers<FoundRecord | null>();
	const running = new Set<Running>();
	let next = 0;
	let best: FoundRecord | null = null;
	let winnersPlace = Number.POSITIVE_INFINITY;
	let hasAnswer = false;
	let cancelGrace = () => {};
	let failure: unknown = new RecordStoreError("unreachable", key);

	/** Starts one more, if there is one that may be asked. */
	function startNext(): void {
		while (next < attempts.length) {
			const place = next;
			const attempt = attempts[place];
			next += 1;
			if (!attempt?.enter()) continue;
			start(attempt, place);
			return;
		}
	}

	function start(attempt: ReadAttempt, place: number): void {
		const cancelTimeout = clock.after(timeoutMs, () => fail(run, new RecordStoreError("unreachable", key)));
		const run: Running = { attempt, place, cancelTimeout };
		running.add(run);
		attempt.read().then(
			(record) => answer(run, record),
			(error: unknown) => fail(run, error),
		);
	}

	/** @returns false when nobody waits for it any more */
	function stop(run: Running, end: AttemptEnd): boolean {
		if (!running.delete(run)) return false;
		run.cancelTimeout();
		run.attempt.leave(end);
		return true;
	}

	function answer(run: Running, record: FoundRecord | null): void {
		if (!stop(run, "answered")) return;
		hasAnswer = true;
		if (record === null) {
			goOn();
			return;
		}
		if (best === null) winnersPlace = run.place;
		if (best === null || record.version > best.version) best = record;
		// Where another one is under way its answer may be there already: both then count. Nobody waits for it, though.
		cancelGrace();
		if (running.size === 0) finish();
		else cancelGrace = clock.after(0, finish);
	}

	function fail(run: Running, error: unknown): void {
		if (!stop(run, isOwnFault(error) ? "answered" : "failed")) return;
		failure = error;
		goOn();
	}

	function goOn(): void {
		if (best !== null || running.size > 0) return;
		startNext();
		if (running.size === 0) finish();
	}

	function finish(): void {
		cancelHedge();
		cancelGrace();
		for (const run of running) stop(run, run.place < winnersPlace ? "overtaken" : "abandoned");
		if (hasAnswer) resolve(best);
		else reject(failure);
	}

	startNext();
	// Of the store that was entered: those before it were left alone.
	const hedgeMs = attempts[next - 1]?.hedgeMs ?? 0;
	const cancelHedge = next < attempts.length ? clock.after(hedgeMs, startNext) : () => {};
	goOn();
	return promise;
}

/** The store did answer; what it holds under this one key is spoilt, and that says nothing about the store. */
function isOwnFault(error: unknown): boolean {
	return error instanceof RecordStoreError && error.code !== "unreachable";
}
