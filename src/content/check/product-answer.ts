// What a check says of one product.
import type { Pass, Refusal } from "../../entitlement/decide.ts";
import type { Selection } from "../releases/selection.ts";

/** `selection`: null where the product is refused, `entitlement` says why. */
export type ProductAnswer = { readonly product: string; readonly installed: string | null } & (
	| { readonly entitlement: Refusal; readonly selection: null }
	| { readonly entitlement: Pass; readonly selection: Selection }
);

/** @returns unix seconds until which the answer holds if nothing but time passes; Infinity = for ever */
export function answerHoldsUntil({ entitlement, selection }: ProductAnswer): number {
	return selection === null ? entitlement.holdsUntil : Math.min(entitlement.holdsUntil, selection.holdsUntil);
}

/** @returns whether there is a release for the device that its account's policy puts off */
export function isPutOff({ selection }: ProductAnswer): boolean {
	return selection?.status === "current" && selection.waiting !== undefined;
}

/** @returns the version on offer; null = none */
export function offeredVersion({ selection }: ProductAnswer): string | null {
	return selection?.status === "offered" ? selection.release.version : null;
}
