// Which bytes of a release are a device's: its model's variant, or the package for all other models. The only place where that is decided.
import type { Release } from "./product-record.ts";

/** A release with the bytes that one model gets. */
export type ModelRelease = Release & {
	/** not given = the package for all models without a variant */
	readonly variant?: string;
};

/** @returns the release as devices of the model have it; a variant has no deltas */
export function forModel(release: Release, model: string): ModelRelease {
	const own = release.variants?.find(({ models }) => models.includes(model));
	if (own === undefined) return release;
	const { variants: _, deltas: __, ...shared } = release;
	const { variant, sha256, size, name } = own;
	return { ...shared, variant, sha256, size, name };
}
