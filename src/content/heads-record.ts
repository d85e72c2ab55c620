// `heads`: the one small record that moves. It says which immutable revision of everything shared is current, so an
// isolate stays up to date with a single read however many products there are. `denied` is its bad-news companion.
import { z } from "zod";
import { productName } from "../names.ts";
import type { DeniedList } from "./denied-list.ts";

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

/**
 * What all devices share, as one request sees it: `denied` is the revision that `heads` names. A request reads it once and
 * hands it to everything that decides, so that no two decisions of one answer rest on different heads.
 */
export interface SharedView extends DeniedList {
	readonly heads: HeadsRecord;
}
