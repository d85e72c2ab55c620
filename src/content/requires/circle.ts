// Do products require each other in a circle? A set that does could have no order in which to install it. Looked at by product and not by
// release: then whatever releases a device is offered, there is an order.

/** No publication takes so long after it said what its release is to require: then that counts for nothing unless the release is there. */
export const REQUIREMENT_CLAIM_SECONDS = 3_600;

/** By product, whose offers come before its own. */
export type RequiredBy = ReadonlyMap<string, Iterable<string>>;

/**
 * @param product that is to require the others @param required by each other product: what it requires already
 * @returns the products of a circle that this would make, beginning and ending with the product; null = it makes none
 */
export function findCircle(product: string, others: readonly string[], required: RequiredBy): readonly string[] | null {
	const seen = new Set<string>();
	const pathTo = (from: string): readonly string[] | null => {
		if (from === product) return [from];
		if (seen.has(from)) return null;
		seen.add(from);
		for (const next of required.get(from) ?? []) {
			const path = pathTo(next);
			if (path !== null) return [from, ...path];
		}
		return null;
	};
	for (const other of others) {
		const path = pathTo(other);
		if (path !== null) return [product, ...path];
	}
	return null;
}
