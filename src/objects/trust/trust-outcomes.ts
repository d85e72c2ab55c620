// What the Trust object answers.
import type { TufRefusal } from "../../signing/tuf/accept.ts";
import type { TufKey } from "../../signing/tuf/keys.ts";
import type { RoleView } from "./trust-view.ts";

export const NOT_SET_UP = { ok: false, reason: "not_set_up" } as const;
export const NOT_DELEGATED = { ok: false, reason: "not_delegated" } as const;

export interface TrustState {
	/** the keys by which the service signs, the newest first */
	readonly online: readonly { readonly keyid: string; readonly key: TufKey }[];
	/** the newest files as they were signed; null = not set up */
	readonly root: string | null;
	readonly targets: string | null;
	readonly timestamp: string | null;
	/** the transparency log: its name, and its keys as who verifies is given them */
	readonly log: { readonly origin: string; readonly keys: readonly string[] };
	readonly roles: readonly (RoleView & { readonly proposed: boolean })[];
}

export type TrustChanged =
	/** `roles`: of every product that is delegated now; `published`: R2 has it all */
	| { readonly ok: true; readonly changed: boolean; readonly published: boolean; readonly roles: readonly RoleView[] }
	| (TufRefusal & { readonly file: "root" | "targets" })
	| typeof NOT_SET_UP
	/** under this root the targets that there are were not signed: new ones must come with it */
	| { readonly ok: false; readonly reason: "targets_untrusted" };

export type RolePublished =
	| { readonly ok: true; readonly kind: "new" | "same"; readonly published: boolean; readonly role: RoleView }
	/** kept until further keys have signed it */
	| { readonly ok: true; readonly kind: "proposed"; readonly count: number; readonly threshold: number }
	| TufRefusal
	| typeof NOT_SET_UP
	| typeof NOT_DELEGATED;
