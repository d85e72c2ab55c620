// An offer that came with its download: what a permit would say, so that none is asked for. Good as long as a permit is without being
// looked at again; afterwards the offer is handed in for a permit, as one without a download is.
import type { Offer, Permit } from "../wire-types.ts";

const PERMIT_IS_FRESH_MS = 30_000;

/**
 * Whether a permit may put its package in place: an older one is asked for again, since its release may be halted by now. Where the clock was
 * set back since then nobody knows how old it is.
 * @param permittedMs when it was asked for
 */
export function isFresh(permittedMs: number, nowMs: number): boolean {
	const ageMs = nowMs - permittedMs;
	return ageMs >= 0 && ageMs <= PERMIT_IS_FRESH_MS;
}

/**
 * @param checkedMs when the check was sent that made the offer, or said that it still holds
 * @returns what stands in the place of a permit; null = one is to be asked for
 */
export function permitInOffer(product: string, offer: Offer, checkedMs: number, nowMs: number): Permit | null {
	const { download, capability, version, sha256, size, name, variant } = offer;
	if (download == null || !isFresh(checkedMs, nowMs)) return null;
	if (Date.parse(download.expires_at) <= nowMs) return null;
	return { permit: capability, product, version, sha256, size, name, variant, ...download };
}
