// `heads`: the one small record that moves. It says which immutable revision of everything shared is current, so an
// isolate stays up to date with a single read however many products there are. `denied` is its bad-news companion.
import { z } from "zod";
import { productName } from "../names.ts";

/** `dev-` and then the name of the account's object (entitlement/ids.ts). Cut out, because the hottest path asks. */
const ACCOUNT_NAME_START = 4;
const ACCOUNT_NAME_END = 14;

const revision = z.int().nonnegative();

export const headsRecord = z.object({
	products: z.record(productName, revision),
	/** 0 = there has never been one */
	messages: revision,
	denied: revision,
});
export type HeadsRecord = z.infer<typeof headsRecord>;

/** What a denial is about; of `terms` it is not a refusal but the news that everything from before is outdated. */
export type DenialScope = "device" | "account" | "terms";

/** `denied@<revision>`: who is refused although an access token may still say otherwise; id → unix seconds of the end. */
export const deniedRecord = z.object({
	revision: revision,
	devices: z.record(z.string(), z.int().nonnegative()),
	accounts: z.record(z.string(), z.int().nonnegative()),
	/**
	 * Accounts (by object name) whose licenses have changed for their devices → how often. What carries a lower number, be it
	 * a token or a device's record, is from before the last change and must be fetched anew.
	 */
	terms: z.record(z.string(), z.int().nonnegative()).default({}),
});
export type DeniedRecord = z.infer<typeof deniedRecord>;

/** @param deviceId of the form that ids have @returns how often the licenses of its account had changed; 0 = not of late */
export function termsOf(denied: Pick<DeniedRecord, "terms">, deviceId: string): number {
	const name = deviceId.slice(ACCOUNT_NAME_START, ACCOUNT_NAME_END);
	return Object.hasOwn(denied.terms, name) ? (denied.terms[name] ?? 0) : 0;
}
