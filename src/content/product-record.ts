// The replicated record of one product: what its Product object publishes and every edge selects releases from.
import { z } from "zod";
import { engineRange, modelName, packageFileName, productName, sha256Hex, versionName } from "../names.ts";

const seconds = z.int().nonnegative();

export const urgency = z.enum(["routine", "important", "emergency"]);
export type Urgency = z.infer<typeof urgency>;

/** One release as the edges see it. */
export const release = z.object({
	version: versionName,
	/** position in the product's history; only ever rises, and alone says what is newer */
	sequence: z.int().positive(),
	sha256: sha256Hex,
	/** bytes */
	size: z.int().positive(),
	name: packageFileName,
	releasedAt: seconds,
	urgency: urgency,
	notes: z.string(),
	/** null = every model */
	models: z.array(modelName).nullable(),
	engine: engineRange,
	withdrawn: z.boolean(),
});
export type Release = z.infer<typeof release>;

/** How many releases the record keeps: enough for long delay tiers and for knowing an old installed version. */
export const RELEASES_IN_RECORD = 64;

/** `product:<product>@<revision>`: immutable; releases newest first. */
export const productRecord = z.object({
	product: productName,
	revision: z.int().nonnegative(),
	releases: z.array(release).readonly(),
});
export type ProductRecord = z.infer<typeof productRecord>;
