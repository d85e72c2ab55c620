// What becomes of a change of a product's releases: each outcome, and why a change is refused.
import type { UnfitTarget } from "../../../content/releases/revert-target.ts";
import type { SizeFinding } from "../../../content/releases/size-bounds.ts";
import type { ReleaseEntry } from "./release-row.ts";

export type Promoted =
	| { readonly ok: true; readonly kind: "new" | "same" }
	/** not_through: not everybody on beta may have it yet */
	| { readonly ok: false; readonly reason: "not_released" | "not_through" | "withdrawn" }
	| Unfit;

/** Why a release cannot go on its way in a channel. */
export type Unfit =
	| { readonly ok: false; readonly reason: "unsigned" | NoRoom }
	/** a variant is for models that the release is not for */
	| {
			readonly ok: false;
			readonly reason: "unreached_variant";
			readonly variant: string;
			readonly models: readonly string[];
	  }
	/** `newest`: the newest of the releases that are newer */
	| { readonly ok: false; readonly reason: "older_version"; readonly newest: string }
	| ({ readonly ok: false; readonly reason: "size_out_of_bounds" } & BeyondSize);

/**
 * `current`: the version that it was compared with. `withdrawn`: nothing is out any more, and that was out last. `variant`: whose size it
 * is; not given = the package's
 */
export type BeyondSize = SizeFinding & {
	readonly current: string;
	readonly withdrawn: boolean;
	readonly variant?: string;
};

export type NoRoom = "too_many_audiences" | "too_many_rollouts";

export type Discarded =
	| { readonly ok: true; readonly kind: "new"; readonly sha256: string }
	| { readonly ok: false; readonly reason: "no_package" | "released" };

export type AddedPackage =
	| { readonly ok: true; readonly kind: "new" | "same"; readonly release: ReleaseEntry }
	| { readonly ok: false; readonly reason: "version_exists" | "claim_ended" };

export type Released =
	/** rescheduled: it was released so before, and begins at another time now */
	| { readonly ok: true; readonly kind: "new" | "same" | "rescheduled" }
	| { readonly ok: false; readonly reason: "no_package" | "withdrawn" }
	/** `fields`: in which its metadata is another */
	| { readonly ok: false; readonly reason: "release_exists"; readonly fields: readonly string[] }
	| Unfit;

export type Withdrawn =
	| { readonly ok: true; readonly changed: boolean }
	| { readonly ok: false; readonly reason: "not_released" }
	/** nothing is withdrawn: devices cannot be sent to that version */
	| { readonly ok: false; readonly reason: "unfit_target"; readonly target: string; readonly why: UnfitTarget };
