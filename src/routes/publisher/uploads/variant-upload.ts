// The package of some models of a version on the wire: how an upload says that it is one, and why a product refuses it.
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { MAX_VARIANT_MODELS, MAX_VARIANTS, type Variant } from "../../../content/releases/variant.ts";
import { modelName, variantName } from "../../../names.ts";
import type { VariantRefusal } from "../../../objects/product/releases/variant-desk.ts";
import { ProblemError } from "../../../problem.ts";
import { formatReprDigest } from "../../../signing/formats/digest-header.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { invalidRequest } from "../../http/openapi.ts";
import { refuseRelease } from "../release-body.ts";
import type { TakenVariant } from "./package-upload.ts";

const VARIANT_HELP =
	"The bytes are for `models` alone, under this name: a variant of the version, which has its package already and is not released. A model is in one variant at most; who uploaded the package uploads its variants";

/** Which models, as they are in a query. */
const modelList = z
	.string()
	.max(MAX_VARIANT_MODELS * 65)
	.regex(
		/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(,[A-Za-z0-9][A-Za-z0-9._-]{0,63})*$/,
		"models are named with commas between",
	);

/** Of an upload, in its query. */
export const variantQuery = {
	variant: variantName.optional().meta({ description: VARIANT_HELP, example: "arm" }),
	models: modelList
		.optional()
		.meta({ description: "With `variant`: which models, commas between", example: "FW-100,FW-200" }),
};

/** Of an upload, in its body. */
export const variantFields = {
	variant: variantQuery.variant,
	models: z
		.array(modelName)
		.min(1)
		.max(MAX_VARIANT_MODELS)
		.optional()
		.meta({ description: "With `variant`: which models", example: ["FW-100"] }),
};

/** Of a package that is stored. */
export const storedVariant = {
	variant: z.string().optional().meta({ description: "Left out: the package for all other models", example: "arm" }),
	models: z
		.array(z.string())
		.optional()
		.meta({ description: "Of a variant: which models get it", example: ["FW-100"] }),
};

/**
 * @param said models: as a list, or as in a query
 * @returns which variant the upload is, each model once; null = the package itself
 * @throws ProblemError `invalid_request` where one is named without the other
 */
export function readVariant(said: {
	readonly variant?: string | undefined;
	readonly models?: string | readonly string[] | undefined;
}): Pick<Variant, "variant" | "models"> | null {
	const { variant, models } = said;
	if (variant === undefined && models === undefined) return null;
	if (variant === undefined || models === undefined) {
		const path = variant === undefined ? "variant" : "models";
		throw invalidRequest({ issues: [{ path: [path], message: "a variant is named with its models" }] });
	}
	const listed = typeof models === "string" ? models.split(",") : models;
	return { variant, models: [...new Set(listed)] };
}

/**
 * Asked before the bytes are taken in, and again when they are.
 * @returns the variant, if the version has it with these bytes
 * @throws ProblemError where there is no such version, or it takes no such variant
 */
export async function requireOpenVariant(
	c: Context<AppEnv>,
	{ product, version, variant, sha256 }: { product: string; version: string; variant: string; sha256: string },
): Promise<Variant | null> {
	const release = await c.env.services.objects.product(product).find(version);
	if (release === null) refuseVariant({ ok: false, reason: "no_package" });
	const known = release.variants?.find((one) => one.variant === variant) ?? null;
	if (known !== null && known.sha256 !== sha256) refuseVariant({ ok: false, reason: "other_variant" });
	if (known === null && release.status !== "uploaded") refuseVariant({ ok: false, reason: "frozen" });
	return known;
}

export function answerVariant(
	c: Context<AppEnv>,
	{ product, version }: { readonly product: string; readonly version: string },
	added: TakenVariant,
) {
	if (!added.ok) refuseVariant(added);
	const { variant, models, sha256, size, name } = added.variant;
	c.env.event.bytes = size;
	const answer = { product, version, variant, models: [...models], sha256, size, name, inspected: added.isInspected };
	return c.json(answer, added.kind === "new" ? 201 : 200, { "repr-digest": formatReprDigest(sha256) });
}

/** @throws ProblemError always */
function refuseVariant(refusal: VariantRefusal | { readonly ok: false; readonly reason: "unknown_product" }): never {
	switch (refusal.reason) {
		case "frozen":
			throw new ProblemError("conflict", {
				detail: "the version was released, and its variants are as they were then: publish another version",
			});
		case "other_variant":
			throw new ProblemError("version_exists", {
				detail:
					"the version has this variant with other bytes or for other models: `parapet release discard` forgets a version that is not released",
			});
		case "other_uploader":
			throw new ProblemError("conflict", {
				detail: "somebody else uploaded the version's package: who did uploads its variants too",
			});
		case "unfit": {
			const { unfit } = refusal;
			throw new ProblemError("conflict", {
				detail:
					unfit.fault === "models_taken"
						? `variant ${unfit.by} of the version is for ${unfit.models.join(", ")} already: a model is in one variant`
						: `a version has ${MAX_VARIANTS} variants at most, for ${MAX_VARIANT_MODELS} models in all`,
			});
		}
		default:
			refuseRelease(refusal.reason);
	}
}
