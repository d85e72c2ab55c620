// `heads`: the one small record that moves. It says which immutable revision of everything shared is current, so an
// isolate stays up to date with a single read however many products there are. `denied` is its bad-news companion.
import { z } from "zod";
import type { Entitled } from "../entitlement/entitled.ts";
import { productName } from "../names.ts";
import type { DeniedList } from "./denied-list.ts";

const revision = z.int().nonnegative();

export const headsRecord = z.object({
	products: z.record(productName, revision),
	/** 0 = there has never been one */
	messages: revision,
	denied: revision,
	/** products for every registered device; not given = there is none */
	registered: z.array(productName).readonly().optional(),
});
export type HeadsRecord = z.infer<typeof headsRecord>;

/** @returns the present revision of a product's record; 0 = nothing was ever released under that name */
export function productRevision({ products }: Pick<HeadsRecord, "products">, name: string): number {
	return Object.hasOwn(products, name) ? (products[name] ?? 0) : 0;
}

/** @returns who may have the product; a change of that comes with another revision of its record */
export function entitledTo({ registered }: Pick<HeadsRecord, "registered">, name: string): Entitled {
	return registered?.includes(name) === true ? "registered" : "licensed";
}

/** @returns the products that a device's grants name, and those that every registered device may have */
export function productsOf(
	heads: Pick<HeadsRecord, "registered">,
	grants: Readonly<Record<string, unknown>>,
): string[] {
	const named = Object.keys(grants);
	const { registered = [] } = heads;
	return registered.length === 0 ? named : [...new Set([...named, ...registered])];
}

/**
 * What all devices share, as one request sees it: `denied` is the revision that `heads` names. A request reads it once and
 * hands it to everything that decides, so that no two decisions of one answer rest on different heads.
 */
export interface SharedView extends DeniedList {
	readonly heads: HeadsRecord;
}
