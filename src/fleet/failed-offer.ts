// What failed on a device with a download that came with its offer: there is no permit that says so, and a group that the device joins is
// to know. Pure.
import type { Reported } from "../rollout/lease.ts";

export interface FailedOffer {
	readonly version: string;
	/** the version's position in the product's history */
	readonly sequence: number;
	/** unix seconds: when the device said so */
	readonly at: number;
}

/**
 * That an older version runs again, or is put off, takes nothing from what is known of the newer one.
 * @param before null = nothing has failed so
 * @param said `sequence` is that of a version that failed so; left out: it is another word
 * @param at unix seconds: when
 */
export function failedOfferAfter(
	before: FailedOffer | null,
	{ version, sequence, outcome }: { readonly version: string; readonly sequence?: number; readonly outcome: Reported },
	at: number,
): FailedOffer | null {
	if (before?.version === version) return outcome === "healthy" ? null : before;
	return sequence === undefined || sequence < (before?.sequence ?? 0) ? before : { version, sequence, at };
}
