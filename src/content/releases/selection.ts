// What a walk over the releases of a product comes to: what is chosen or not and why, and why each of the others is passed over.
import { PUT_OFF_REASONS } from "../../entitlement/policy/device-policy.ts";
import type { Blocker, Holder, Needs } from "../requires/requires.ts";
import type { ModelRelease } from "./for-model.ts";
import type { Release } from "./product-record.ts";

export const OFFER_REASONS = [
	"first_install",
	"newer",
	"released_later",
	"installed_unknown",
	"installed_withdrawn",
	"installed_failed",
	"installed_damaged",
	"installed_incompatible",
] as const;
export type OfferReason = (typeof OFFER_REASONS)[number];
export const CURRENT_REASONS = [
	"up_to_date",
	"newer_failed",
	"newer_too_large",
	"newer_blocked",
	"held_by_installed",
	"newer_installed",
	"ahead_of_channel",
	...PUT_OFF_REASONS,
] as const;
export type CurrentReason = (typeof CURRENT_REASONS)[number];
/** From the farthest to the nearest miss: of several reasons why there is nothing, the last of these is told. */
export const UNAVAILABLE_REASONS = [
	"no_release",
	"none_in_channel",
	"pin_unavailable",
	"none_compatible",
	"none_small_enough",
	"none_licensed",
	"none_old_enough",
	"none_rolled_out",
	"none_but_blocked",
	"none_but_held",
	"none_but_failed",
] as const;
export type UnavailableReason = (typeof UNAVAILABLE_REASONS)[number];

/** A newer release than the one that is chosen, if any is, for which the device lacks what it requires. */
export interface Blocked {
	readonly version: string;
	readonly missing: readonly Blocker[];
}

/** A newer release than the one that is chosen, if any is, with which what stays installed of other products does not go. */
export interface Held {
	readonly version: string;
	readonly by: readonly Holder[];
}

/**
 * `holdsUntil`: unix seconds at which the answer changes if nothing but time passes; Infinity = never. What is required of other products
 * may change it earlier: the answer to a check holds until the first of its products changes.
 */
export type Selection = Selected & {
	/** the newest of those; not given = there is none */
	readonly blocked?: Blocked;
	/** the newest of those; not given = there is none */
	readonly held?: Held;
};

type Selected =
	| {
			readonly status: "offered";
			readonly reason: OfferReason;
			/** with the bytes of the device's model */
			readonly release: ModelRelease;
			/** whether its version is older than what is installed; null = not known: versions have no order, and the record lacks it */
			readonly downgrade: boolean | null;
			/** version of the role file that names the release; not given = none does */
			readonly role?: number;
			/** the device may have the permit that it had, and no other; not given = any */
			readonly isAgain?: true;
			/** what the release requires; not given = nothing */
			readonly needs?: Needs;
			readonly holdsUntil: number;
	  }
	| {
			readonly status: "current";
			readonly reason: CurrentReason;
			readonly holdsUntil: number;
			/** what is for the device, and is put off by its account's policy */
			readonly waiting?: Release;
	  }
	| { readonly status: "unavailable"; readonly reason: UnavailableReason; readonly holdsUntil: number };

/** Why a release is passed over; the first that holds is told. */
export type PassedOver =
	| "withdrawn"
	/** by the device's own word */
	| "failed_here"
	/** the account has pinned another */
	| "not_pinned"
	| "incompatible_model"
	| "incompatible_engine"
	/** it takes more disk or memory than the device says that it has */
	| "too_large_for_device"
	| "not_licensed"
	| "too_young"
	/** its rollout has not come to the device yet */
	| "not_reached"
	/** its rollout lets nobody in at present, or for good */
	| "rollout_closed"
	/** a device that has nothing good gets what everybody may have */
	| "no_fallback"
	/** the device lacks what it requires of other products */
	| "blocked"
	/** what is installed of another product does not go with it */
	| "held_by_installed"
	/** it is on beta alone, and the device is not */
	| "other_channel"
	/** it lies between the withdrawn release that the device runs, and the earlier one that it is to go back to */
	| "skipped_by_revert";
