// The licenses of an Account have changed in a way that devices notice: edges take no token and no record from before, and every
// record is written anew behind the answer (record-renewal.ts). To be called in the transaction of the change.
import { licenseEpochStep } from "../account-records.ts";
import type { DeskParts } from "../desk.ts";

/** @param now unix seconds */
export function beginLicenseEpoch(
	{ account, outbox, tokensEndAfter }: Pick<DeskParts, "account" | "outbox" | "tokensEndAfter">,
	now: number,
): void {
	account.raiseLicenseEpoch();
	const info = account.info();
	if (info !== null) outbox.add([licenseEpochStep(info, now, tokensEndAfter)]);
}
