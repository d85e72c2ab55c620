// An offer that came with its download: what a permit would say, so that none is asked for. Good as long as a permit is without being
// looked at again; afterwards the offer is handed in for a permit, as one without a download is.
import type { Offer, Permit } from "../answers.ts";

/** A permit may be so old when its package is put in place; an older one is asked for again, since its release may be halted by now. */
export const PERMIT_IS_FRESH_MS = 30_000;

/**
 * @param checkedMs when the check was sent that made the offer, or said that it still holds
 * @returns what stands in the place of a permit; null = one is to be asked for
 */
export function permitInOffer(product: string, offer: Offer, checkedMs: number, nowMs: number): Permit | null {
	const { download, capability, version, sha256, size, name } = offer;
	if (download == null || nowMs - checkedMs > PERMIT_IS_FRESH_MS || nowMs < checkedMs) return null;
	if (Date.parse(download.expires_at) <= nowMs) return null;
	return { permit: capability, product, version, sha256, size, name, ...download };
}
