// The variants of a release on the wire.
import { z } from "@hono/zod-openapi";
import type { Variant } from "../../content/releases/variant.ts";

/** As a release is described. */
export const variantsField = z
	.array(
		z
			.object({
				variant: z.string().openapi({ example: "arm" }),
				models: z.array(z.string()),
				sha256: z.string(),
				size: z.int(),
				name: z.string(),
			})
			.openapi("Variant"),
	)
	.meta({ description: "Packages for some models, instead of that of the release; none = every model gets that" });

export function describeVariants(variants: readonly Variant[] = []): z.infer<typeof variantsField> {
	return variants.map((one) => ({ ...one, models: [...one.models] }));
}
