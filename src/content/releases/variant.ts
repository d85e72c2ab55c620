// A variant of a release: other bytes of the same version for some models. All else of the release, its rollout too, is one. Pure.
import { z } from "zod";
import { modelName, packageFileName, sha256Hex, variantName } from "../../names.ts";

/** Of one release, beside the package for all other models. */
export const MAX_VARIANTS = 8;
/** Of all variants of a release together. */
export const MAX_VARIANT_MODELS = 100;

export const variant = z.object({
	variant: variantName,
	/** that get it; no model is in two variants of a release */
	models: z.array(modelName).min(1).readonly(),
	sha256: sha256Hex,
	/** bytes */
	size: z.int().positive(),
	name: packageFileName,
});
export type Variant = z.infer<typeof variant>;

export type VariantFault =
	| { readonly fault: "models_taken"; readonly models: readonly string[]; readonly by: string }
	| { readonly fault: "too_many_variants" };

/** @param known the release's others @returns why a release cannot have it beside them; null = it can */
export function faultOfVariant(known: readonly Variant[], { models }: Pick<Variant, "models">): VariantFault | null {
	for (const other of known) {
		const taken = models.filter((model) => other.models.includes(model));
		if (taken.length > 0) return { fault: "models_taken", models: taken, by: other.variant };
	}
	const all = known.reduce((sum, other) => sum + other.models.length, models.length);
	return known.length >= MAX_VARIANTS || all > MAX_VARIANT_MODELS ? { fault: "too_many_variants" } : null;
}

/** @returns the first variant for models that the release is not for, with these models; null = there is none */
export function findUnreached(
	variants: readonly Variant[],
	released: readonly string[] | null,
): { readonly variant: string; readonly models: readonly string[] } | null {
	for (const { variant, models } of released === null ? [] : variants) {
		const unreached = models.filter((model) => !released?.includes(model));
		if (unreached.length > 0) return { variant, models: unreached };
	}
	return null;
}
