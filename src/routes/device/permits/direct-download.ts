// When does an offer carry its download, so that no permit need be asked for? Where a permit would say nothing else than the check that
// makes the offer: everybody may have the release, and what the token says of the device is all that counts. What a permit reads
// afresh ends older tokens when it changes (objects/account/account-records.ts), so a check can go by its token.
import type { Release } from "../../../content/releases/product-record.ts";
import { afterOf, type Needs } from "../../../content/requires/requires.ts";
import type { Entitlement } from "../../../entitlement/decide.ts";
import type { DeviceCaller } from "../../http/app-env.ts";

/** What a token says of the device that counts here. */
export interface DirectCaller extends Pick<DeviceCaller, "policyInRecord" | "provisional"> {
	readonly profile: Pick<DeviceCaller["profile"], "haGroup">;
}

/** What is offered: a release as seen on the device's channel, and what it requires. */
export interface DirectOffer {
	readonly release: Pick<Release, "rollout">;
	readonly needs?: Needs | undefined;
}

/**
 * Not for a device of an HA group, which waits for its turn; nor for one of which only its record says all; nor by what is known of a
 * time when records could not be read; nor of a product that its license does not name: its account would not know of the offer
 * when the device comes into an HA group; nor before what the release requires is installed.
 * @param degradedAsOf of the request
 * @param entitlement of the device to the product
 */
export function isDirect(
	{ release: { rollout }, needs }: DirectOffer,
	{ profile, policyInRecord, provisional }: DirectCaller,
	degradedAsOf: number | null,
	{ grant }: Pick<Entitlement, "grant">,
): boolean {
	if (grant === null || afterOf(needs).length > 0) return false;
	return rollout === null && profile.haGroup === null && !policyInRecord && !provisional && degradedAsOf === null;
}
