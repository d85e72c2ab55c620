// An object has one alarm; this shares it among those who need one. Each says when it is due next, from what it has stored;
// the alarm stands at the earliest of these. Nothing is stored here, so nothing here can differ from what is owed.

/** Something that an object has to do at some time. */
export interface Chore {
	/** @returns unix ms, in the past for at once; null for nothing to do. Synchronous: it is asked inside transactions */
	dueMs(): number | null;
	/** @param nowMs unix ms: what is due by then is meant */
	run(nowMs: number): Promise<void>;
}

/** What is due later than this is looked at again: the platform takes no date after 2189, and a license may end then. */
const FARTHEST_MS = 365 * 86_400_000;
/** An alarm that is set to now while an alarm runs may not ring: the platform is given a time that is still to come. */
export const SOONEST_MS = 50;
/** Later than the end of the alarm that may have brought the object to life, which sets the alarm itself. */
const REARM_MS = 3_000;
/** The platform is late by seconds; an alarm that is overdue by so much has been lost. */
const LOST_AFTER_MS = 900_000;

/**
 * A chore that throws has its next try after so long, and after twice as long each time in a row. The platform's own tries end after six,
 * and an alarm that is set meanwhile takes their place: without a pause it would ring 20 times a second for as long as the chore throws.
 */
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;

/** @param atMs when the alarm stands; null = none does. Unix ms @returns whether it can be counted on */
function willRing(atMs: number | null, nowMs: number): boolean {
	return atMs !== null && atMs >= nowMs - LOST_AFTER_MS;
}

/**
 * For an object with one chore, from any of its calls: sets the alarm unless it stands already, and again where the platform has lost
 * it. One that stands is left alone: moved on at each call it would never ring.
 */
export async function setUnlessSet(storage: DurableObjectStorage, inMs: number): Promise<void> {
	const nowMs = Date.now();
	if (!willRing(await storage.getAlarm(), nowMs)) await storage.setAlarm(nowMs + inMs);
}

export class Alarm {
	readonly #storage: DurableObjectStorage;
	readonly #nowMs: () => number;
	readonly #chores: Chore[] = [];
	/** chores whose last runs threw: how often in a row, and until when (unix ms) they are left alone */
	readonly #failing = new Map<Chore, { readonly times: number; readonly untilMs: number }>();

	constructor(storage: DurableObjectStorage, nowMs: () => number = () => Date.now()) {
		this.#storage = storage;
		this.#nowMs = nowMs;
	}

	add(chore: Chore): void {
		this.#chores.push(chore);
	}

	/**
	 * As `set`, for the middle of a transaction. Not awaited on purpose: in SQLite storage the alarm belongs to the transaction
	 * of the writes around it, and comes and goes with them.
	 */
	setWithin(): void {
		void this.set();
	}

	/** Sets the alarm to the earliest due time, and always later than now. To be called whenever one of them changed. */
	async set(): Promise<void> {
		const earliest = this.#earliestMs();
		if (earliest === null) await this.#storage.deleteAlarm();
		else await this.#storage.setAlarm(Math.max(earliest, this.#nowMs() + SOONEST_MS));
	}

	/**
	 * To be called when the object comes to life: an alarm that the platform has lost is set again, unless this life began with
	 * it. Whoever calls the object next tries again should it fail.
	 */
	rearm(): void {
		const rearming = this.#storage.getAlarm().then(async (atMs) => {
			const earliest = willRing(atMs, this.#nowMs()) ? null : this.#earliestMs();
			if (earliest === null) return;
			await this.#storage.setAlarm(Math.max(earliest, this.#nowMs() + REARM_MS));
		});
		rearming.catch(() => {});
	}

	/**
	 * The object's alarm handler: runs what is due, then sets the alarm for the rest. An alarm that rings counts as the time
	 * it was set to, even if the clock says otherwise.
	 * @throws what a chore threw, after all others have run, so that the platform counts it as an error
	 */
	async ring(): Promise<void> {
		const now = Math.max(this.#nowMs(), this.#earliestMs() ?? 0);
		const due = this.#chores.filter((chore) => (this.#dueMs(chore) ?? Number.POSITIVE_INFINITY) <= now);
		const runs = await Promise.allSettled(due.map((chore) => this.#run(chore, now)));
		await this.set();
		for (const run of runs) if (run.status === "rejected") throw run.reason;
	}

	async #run(chore: Chore, now: number): Promise<void> {
		try {
			await chore.run(now);
			this.#failing.delete(chore);
		} catch (error) {
			const times = (this.#failing.get(chore)?.times ?? 0) + 1;
			const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** (times - 1), LONGEST_RETRY_MS);
			this.#failing.set(chore, { times, untilMs: now + pauseMs });
			throw error;
		}
	}

	#dueMs(chore: Chore): number | null {
		const due = chore.dueMs();
		return due === null ? null : Math.max(due, this.#failing.get(chore)?.untilMs ?? 0);
	}

	#earliestMs(): number | null {
		const due = this.#chores.map((chore) => this.#dueMs(chore)).filter((ms) => ms !== null);
		return due.length === 0 ? null : Math.min(...due, this.#nowMs() + FARTHEST_MS);
	}
}
