// What an Account does over all of its devices: the daily round, a page of its records at a time, and its fleet in numbers.
import { RECORDS_PER_PAGE, type TendedPage, tendPage } from "../outbox/tending.ts";
import type { AccountDesks } from "./account-desks.ts";
import { accountRecords } from "./account-records.ts";
import type { AskedSummary } from "./fleet/summary-desk.ts";

/** @param after `next` of the page before, "" for the first @param now unix seconds */
export async function tendAccount(desks: AccountDesks, after: string, now: number): Promise<TendedPage> {
	desks.receiptDesk.sweep(now);
	const tended = tendPage(desks.outbox, desks.alarm, accountRecords(desks), after);
	await desks.serialDesk.tellAgain(after, RECORDS_PER_PAGE);
	return tended;
}

/** @param now unix seconds @param isToldToo the Census is told now as well, and serial numbers */
export async function describeFleet(
	{ serialDesk, summaryDesk }: AccountDesks,
	now: number,
	isToldToo: boolean,
): Promise<AskedSummary | null> {
	if (isToldToo) await serialDesk.tell();
	return summaryDesk.describe(now, isToldToo);
}
