// What is done once a day for an owner of records that nobody may have called: an alarm that the platform has lost is set again,
// and each record is read back from every store and written again where the store has not what it should.
import type { Alarm } from "../alarm.ts";
import type { LaneFailures, Outbox } from "./outbox.ts";
import { type OwnedRecords, verifyPage } from "./record-pages.ts";

export interface TendedPage {
	/** `after` of the next page; null = this was the last */
	readonly next: string | null;
	readonly records: number;
	/** records that a store did not have as they are, and that it gets again */
	readonly rewritten: number;
	/** of which a store has a later version than the owner: nothing is done about these */
	readonly ahead: number;
	/** lanes in which a step has failed at least FAILURES_TO_TELL times in a row */
	readonly failing: readonly LaneFailures[];
}

/** As many as two operations on KV read. */
export const RECORDS_PER_PAGE = 200;
/** So many puts in a row fail within two minutes: a store that hesitates is not told. */
const FAILURES_TO_TELL = 6;
/** With so many waiting nothing is added; they are on their way to a store that may have been out. */
const MAX_WAITING = 200;

/** @param after `next` of the page before, "" for the first @returns once the page is compared; what is written again goes out behind */
export async function tendPage(outbox: Outbox, alarm: Alarm, source: OwnedRecords, after: string): Promise<TendedPage> {
	alarm.rearm();
	const query = { after, limit: RECORDS_PER_PAGE, store: null };
	const { records, next, drift } = await verifyPage(outbox, source, query);
	const wrong = drift.filter(({ verdict }) => verdict !== "ahead");
	// As they are now: some may have changed while they were compared.
	const steps = new Map(
		wrong.length === 0 ? [] : source.read(after, RECORDS_PER_PAGE).steps.map((one) => [one.key, one]),
	);
	let rewritten = 0;
	for (const { store, key } of wrong) {
		const step = steps.get(key);
		if (step === undefined || outbox.owes(key, store) || outbox.waitingIn(store) >= MAX_WAITING) continue;
		outbox.add([step], store);
		rewritten += 1;
	}
	// Never rejects. Also where nothing was added: a lane that waits for its next attempt has it now.
	void outbox.deliver();
	const failing = outbox.failures().filter(({ failures }) => failures >= FAILURES_TO_TELL);
	return { next, records, rewritten, ahead: drift.length - wrong.length, failing };
}
