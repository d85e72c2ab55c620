// Is a release much larger or smaller than the one that it follows? A generated file that has doubled, or that has lost half, is more
// often a fault of what generates it than meant. Pure; a size says nothing of what is in the bytes.
import { z } from "zod";

/** By how much a release may differ from the one that everybody may have; a release between the two is never asked about. */
export const sizeBounds = z.strictObject({
	/** times as large, at most */
	grow: z.number().gt(1).max(1_000),
	/** times as large, at least */
	shrink: z.number().gt(0).lt(1),
	/** bytes: where neither package is larger, only entries are compared */
	above: z.int().min(0).max(10_000_000_000),
});
export type SizeBounds = z.infer<typeof sizeBounds>;

/** Of a new product. What is small doubles easily. */
export const USUAL_SIZE_BOUNDS: SizeBounds = { grow: 2, shrink: 0.5, above: 100_000 };

/** How many rules, signatures or addresses a release has, as its publisher says; null = not said. */
export const entryCount = z.int().min(0).max(1_000_000_000);

export interface Measured {
	/** bytes */
	readonly size: number;
	readonly entries: number | null;
}

export interface SizeFinding {
	readonly what: "size" | "entries";
	readonly from: number;
	readonly to: number;
}

/**
 * @param bounds null = the product has none
 * @param current what everybody may have of those that the release is for; null = nothing yet, so there is nothing to compare with
 * @returns in what the release is beyond the bounds, in its size first; null = it is within
 */
export function findOutOfBounds(
	bounds: SizeBounds | null,
	current: Measured | null,
	next: Measured,
): SizeFinding | null {
	if (bounds === null || current === null) return null;
	const isBeyond = (from: number, to: number) => to > from * bounds.grow || to < from * bounds.shrink;
	if (Math.max(current.size, next.size) > bounds.above && isBeyond(current.size, next.size))
		return { what: "size", from: current.size, to: next.size };
	if (current.entries === null || next.entries === null || !isBeyond(current.entries, next.entries)) return null;
	return { what: "entries", from: current.entries, to: next.entries };
}
