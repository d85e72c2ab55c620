// The variants of a release as people are shown them.
import { z } from "zod";
import { formatBytes } from "../terminal/output.ts";

const variantsAnswer = z
	.array(z.looseObject({ variant: z.string(), models: z.array(z.string()), sha256: z.string(), size: z.number() }))
	.catch([]);

/** @param said `variants` of an answer @returns their names; undefined for none */
export function namesOfVariants(said: unknown): string | undefined {
	const names = variantsAnswer.parse(said).map(({ variant }) => variant);
	return names.length === 0 ? undefined : names.join(", ");
}

/** @returns a line for each */
export function variantLines(said: unknown): string[] {
	return variantsAnswer
		.parse(said)
		.map(
			({ variant, models, size, sha256 }) =>
				`  variant ${variant} for ${models.join(", ")}: ${formatBytes(size)}, sha256 ${sha256}`,
		);
}
