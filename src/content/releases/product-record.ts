// The replicated record of one product: what its Product object publishes and every edge selects releases from.
import { z } from "zod";
import { engineRange, modelName, packageFileName, productName, sha256Hex, versionName } from "../../names.ts";
import { reach } from "../../rollout/reach.ts";
import { requirement } from "../requires/requires.ts";
import { channel } from "./channel.ts";
import { delta } from "./delta.ts";
import { disabledRules } from "./disabled-rules.ts";
import { factsShape } from "./release-facts.ts";
import { variant } from "./variant.ts";

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
	/** of one that was withdrawn: to which devices go back that run it (revert-target.ts); not given = to the newest below it */
	revertTo: versionName.optional(),
	/** in which it travels: beta = for devices on beta alone; stable = for all */
	channel,
	/** of one that was promoted from beta: since when it is released there, unix seconds; everybody on beta may have it. null = it was not */
	betaReleasedAt: seconds.nullable(),
	/** how far it has come in its channel; null = everybody there may have it */
	rollout: reach.nullable(),
	/** not given = the product's role file does not name it */
	signed: z.literal(true).optional(),
	/** of other products; not given = nothing */
	requires: z.array(requirement).readonly().optional(),
	/** cheaper ways to its bytes; not given = there are none */
	deltas: z.array(delta).readonly().optional(),
	/** other bytes for some models, which have no deltas; not given = every model has the package. See for-model.ts */
	variants: z.array(variant).readonly().optional(),
	...factsShape,
});
export type Release = z.infer<typeof release>;

/** vendor: by the numbers and words in them, as vendors count; none: they have no order, as with hashes. */
export const versionOrder = z.enum(["vendor", "none"]);
export type VersionOrder = z.infer<typeof versionOrder>;

/** optional: what no role file of the product names is offered too; required: never. */
export const signing = z.enum(["optional", "required"]);
export type Signing = z.infer<typeof signing>;

/** `product:<product>@<revision>`: immutable; the releases that `keepRecorded` keeps, as `inOfferOrder` puts them. */
export const productRecord = z.object({
	product: productName,
	revision: z.int().nonnegative(),
	versionOrder,
	/** version of the role file that names the signed ones; not given = there is none */
	role: z.int().positive().optional(),
	/** where releases must be signed, only those that are, and the withdrawn ones */
	releases: z.array(release).readonly(),
	/** ids of rules that every device leaves out, whatever release it runs */
	disabledRules,
	/** when a rule of them was disabled last; null = none is */
	rulesDisabledAt: seconds.nullable(),
});
export type ProductRecord = z.infer<typeof productRecord>;
