// The times that keep the bytes of a package apart from their removal (docs/decisions/orphaned-packages.md). Whoever sends bytes or
// removes bytes holds a claim on their digest in the Directory: an upload for a day, a removal for an hour, never both at once.

/** How long an upload has a claim on its digest. */
export const UPLOAD_CLAIM_SECONDS = 86_400;

/** A version is bound to the bytes at the latest so long before the claim ends: the clocks of two objects differ by less. */
const BIND_MARGIN_SECONDS = 3_600;

/** How long a removal has a claim on a digest, unless its outcome is known before. A delete that nobody waits for lands by then. */
export const REMOVAL_CLAIM_SECONDS = 3_600;

/** From the look at the storage to the last delete: so much less than a removal's claim lasts that a slow delete lands within it. */
export const REMOVE_WITHIN_SECONDS = 600;

/** Bytes that are younger are nobody's orphans yet. */
export const ORPHAN_AGE_SECONDS = 86_400;

/**
 * @param claimedUntil end of the upload's claim, by the Directory's clock @param now by the clock of who asks; both unix seconds
 * @returns whether a version may still be bound to the bytes
 */
export function mayBind(claimedUntil: number, now: number): boolean {
	return now < claimedUntil - BIND_MARGIN_SECONDS;
}
