// The last permit of a device, by what it has said of itself: whether it may still install by it, and what became of it;
// and so what it runs. Pure.
import { lastWord, PERMIT_IS_OLD_SECONDS, type ProductState } from "./device-state.ts";

export interface LastPermit {
	readonly version: string;
	/** the version's position in the product's history */
	readonly sequence: number;
	/** unix seconds */
	readonly at: number;
	readonly until: number;
	/** null = the device has not said */
	readonly outcome: "healthy" | "failed" | null;
}

/**
 * @param now unix seconds
 * @returns null where there is none, its time is over, or the device put the release off. It ends an hour later than was written down,
 * since a permit that is given again within an hour is not written down again
 */
export function lastPermit(state: ProductState, now: number): LastPermit | null {
	const { permitted: version, permittedAt: at, permittedUntil, permittedSequence: sequence } = state;
	if (version === null || at === null || permittedUntil === null || sequence === null) return null;
	const until = permittedUntil + PERMIT_IS_OLD_SECONDS;
	if (now >= until) return null;
	const permit = { version, sequence, at, until };
	switch (lastWord(state)) {
		case null:
			return { ...permit, outcome: null };
		case "healthy":
			return { ...permit, outcome: "healthy" };
		case "failed":
		case "rolled_back":
			return { ...permit, outcome: "failed" };
		case "deferred":
		case "declined":
			return null;
	}
}

/**
 * What a device runs of a product: what it has said of an installation, unless it has said since what it has.
 * @param said version that it has named in a check last; null = none
 * @param saidAt unix seconds at which it first said so
 * @param state undefined = nothing is known of the product
 */
export function runningVersion(said: string | null, saidAt: number, state: ProductState | undefined): string | null {
	if (state === undefined || lastWord(state) !== "healthy" || (state.outcomeAt ?? 0) < saidAt) return said;
	return state.outcomeVersion;
}
