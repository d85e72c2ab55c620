// What a Product answers to a change of its releases.
import { nowSeconds } from "../clock.ts";
import type { ProductDesks } from "./product-desks.ts";
import { tellRelease } from "./releases/release-life.ts";
import type { ReleaseEntry } from "./releases/release-row.ts";

export const UNKNOWN_PRODUCT = { ok: false, reason: "unknown_product" } as const;

/** What was decided, with the release as it is now and whether every store has it. */
export type Settled<Result> =
	| typeof UNKNOWN_PRODUCT
	| (Result & { ok: false })
	| ((Result & { ok: true }) & { readonly release: ReleaseEntry; readonly published: boolean });

/** @param work the change, with its transaction @returns when the stores have been told of it */
export async function settle<Result extends { readonly ok: boolean }>(
	desks: ProductDesks,
	version: string,
	work: () => Result,
): Promise<Settled<Result>> {
	const result = work();
	if (!result.ok) return result as Result & { ok: false };
	const published = await desks.outbox.flush();
	const release = tellRelease(desks, version, nowSeconds());
	if (release === null) throw new Error(`release ${version} vanished`);
	return { ...(result as Result & { ok: true }), release, published };
}
