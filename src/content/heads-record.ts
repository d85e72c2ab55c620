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

/** @returns the present revision of a product's record; 0 = nothing was ever released under that name */
export function productRevision({ products }: Pick<HeadsRecord, "products">, name: string): number {
	return Object.hasOwn(products, name) ? (products[name] ?? 0) : 0;
}

/** What a denial is about. `licenseEpoch` refuses no device; it says that tokens and records of an earlier epoch are outdated. */
export type DenialScope = "device" | "licenseEpoch";

/** `denied@<revision>`: who is refused although an access token may still say otherwise; id → unix seconds of the end. */
export const deniedRecord = z.object({
	revision: revision,
	devices: z.record(z.string(), z.int().nonnegative()),
	/**
	 * Object name of an account → its license epoch: how often its licenses have changed for its devices. A token or a
	 * device's record of an earlier epoch is outdated and must be fetched anew.
	 */
	licenseEpochs: z.record(z.string(), z.int().nonnegative()),
});
export type DeniedRecord = z.infer<typeof deniedRecord>;

/**
 * What all devices share, as one request sees it: `denied` is the revision that `heads` names. A request reads it once and
 * hands it to everything that decides, so that no two decisions of one answer rest on different heads.
 */
export interface SharedView {
	readonly heads: HeadsRecord;
	readonly denied: DeniedRecord;
}

/** @param deviceId of the form that ids have @returns the license epoch of its account; 0 = no change of late */
export function licenseEpochOf(denied: Pick<DeniedRecord, "licenseEpochs">, deviceId: string): number {
	const name = deviceId.slice(ACCOUNT_NAME_START, ACCOUNT_NAME_END);
	return Object.hasOwn(denied.licenseEpochs, name) ? (denied.licenseEpochs[name] ?? 0) : 0;
}
