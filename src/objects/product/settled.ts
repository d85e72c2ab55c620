// What a Product answers to a change of its releases.
import type { ReleaseEntry } from "./release-row.ts";

export const UNKNOWN_PRODUCT = { ok: false, reason: "unknown_product" } as const;

/** What was decided, with the release as it is now and whether every store has it. */
export type Settled<Result> =
	| typeof UNKNOWN_PRODUCT
	| (Result & { ok: false })
	| ((Result & { ok: true }) & { readonly release: ReleaseEntry; readonly published: boolean });
