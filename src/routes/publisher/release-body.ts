// A release on the wire, and why a product refuses one.
import { z } from "@hono/zod-openapi";
import { channel } from "../../content/releases/channel.ts";
import { urgency } from "../../content/releases/product-record.ts";
import { MAX_AUDIENCES } from "../../content/releases/recorded-releases.ts";
import type { UnfitTarget } from "../../content/releases/revert-target.ts";
import { entryCount } from "../../content/releases/size-bounds.ts";
import { requirements } from "../../content/requires/requires.ts";
import { engineRange, modelName, productName, versionName } from "../../names.ts";
import type { Unfit } from "../../objects/product/releases/outcomes.ts";
import type { ReleaseEntry } from "../../objects/product/releases/release-row.ts";
import { plainText } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";
import { planChoice } from "../../rollout/built-in-plans.ts";
import { MAX_ACTIVE_ROLLOUTS } from "../../rollout/rollout.ts";
import type { KeyHolder } from "../http/app-env.ts";
import { orNull, timestamp, toTimestampOrNull } from "../http/openapi.ts";
import { describedFacts, describeFacts, factFields, requiredField } from "../http/release-facts-body.ts";
import { describeRollout, rolloutBody } from "./rollout-body.ts";
import { describeVariants, variantsField } from "./variants-body.ts";

export const releasePath = z.object({ product: productName, version: versionName });

/** Why a release may have another size than is usual. */
export const allowedSize = plainText(500).min(1);

export const newReleaseBody = z
	.strictObject({
		notes: plainText(2000).optional(),
		urgency: urgency.optional(),
		models: z.array(modelName).min(1).max(100).optional().openapi({ description: "Every model, if left out" }),
		engine: engineRange.optional(),
		plan: planChoice.optional().openapi({
			description:
				"If left out, the product's. `standard`, `rapid`, `immediate`, or a plan of your own: with a key of scope `operate` alone",
			example: "rapid",
		}),
		channel: channel.optional().openapi({
			description: "`stable`, if left out; `beta`: for devices on beta alone, until it is promoted",
			example: "beta",
		}),
		starts_at: timestamp.optional().openapi({
			description:
				"Its rollout begins then; at once, if left out. Said again of a rollout of which no step has begun, it changes the time",
		}),
		requires: requirements.optional().openapi({
			description:
				"What devices must have of other products: they are offered the release after that, and not without it",
			example: [{ product: "engine-rules", min: "4.26" }],
		}),
		entries: entryCount.optional().openapi({
			description: "How many rules, signatures or addresses it has: compared with the current release",
			example: 41_500,
		}),
		...factFields,
		allow_size: allowedSize.optional().openapi({
			description:
				"The reason why it may be larger or smaller than the current release by more than the product's `size_bounds`; the product's events keep it, and who said so",
		}),
		allow_older: z.boolean().optional().openapi({
			example: false,
			description: "Also if a newer version is released: devices are then offered the older one",
		}),
	})
	.openapi("NewRelease");

export const releaseBody = z
	.object({
		product: z.string(),
		version: z.string(),
		status: z
			.enum(["uploaded", "waiting", "approved", "rolling_out", "current", "older", "superseded", "withdrawn"])
			.openapi({
				description:
					"`uploaded`: bytes only; `waiting`: for words, before its first step; `approved`: for its time, or the end of a freeze, alone; `rolling_out`: some devices may have it; `current`: the newest that everybody on its channel may have; `superseded`: its rollout ended before",
			}),
		channel: channel.nullable().openapi({ description: "In which it travels; null = it is not released" }),
		beta_released_at: timestamp.nullable().openapi({
			description: "Of one that was promoted from beta: when it was released there; everybody on beta may have it",
		}),
		sequence: z.int().nullable(),
		sha256: z.string(),
		size: z.int(),
		name: z.string(),
		variants: variantsField,
		released_at: timestamp.nullable(),
		out_at: timestamp.nullable().openapi({ description: "From when on everybody on its channel may have it" }),
		revert_to: z.string().nullable().openapi({
			description: "Of one that was withdrawn: where devices go back to that run it; null = to the newest before it",
		}),
		urgency,
		notes: z.string(),
		models: z.array(z.string()).nullable(),
		engine: engineRange,
		requires: requiredField,
		entries: z.int().nullable().openapi({ description: "Rules, signatures or addresses in it; null = not said" }),
		...describedFacts,
	})
	.openapi("Release");

export const releasedBody = releaseBody
	.extend({ published: z.boolean(), rollout: orNull(rolloutBody) })
	.openapi("ReleasedVersion");

export function describeRelease(product: string, release: ReleaseEntry) {
	return {
		product,
		version: release.version,
		status: release.status,
		channel: release.channel,
		beta_released_at: toTimestampOrNull(release.betaReleasedAt),
		sequence: release.sequence,
		sha256: release.sha256,
		size: release.size,
		name: release.name,
		variants: describeVariants(release.variants),
		released_at: toTimestampOrNull(release.releasedAt),
		out_at: toTimestampOrNull(release.outAt),
		revert_to: release.revertTo,
		urgency: release.urgency,
		notes: release.notes,
		models: release.models === null ? null : [...release.models],
		engine: release.engine,
		requires: [...(release.requires ?? [])],
		entries: release.entries,
		...describeFacts(release.facts ?? {}),
	};
}

export type ProductRefusal =
	| "unknown_product"
	| "no_package"
	| "version_exists"
	| "claim_ended"
	| "withdrawn"
	| "unsigned"
	| "too_many_audiences"
	| "too_many_rollouts"
	| "not_through"
	| "released"
	| "not_released";

/** @throws ProblemError */
export function refuseRelease(reason: ProductRefusal): never {
	switch (reason) {
		case "unknown_product":
			throw new ProblemError("not_found", { detail: "there is no such product; create it first" });
		case "no_package":
			throw new ProblemError("not_found", { detail: "there is no such version; upload its package first" });
		case "version_exists":
			throw new ProblemError("version_exists");
		case "claim_ended":
			throw new ProblemError("conflict", {
				detail: "the upload took too long, nearly a day; upload the package again",
			});
		case "withdrawn":
			throw new ProblemError("conflict", { detail: "the version was withdrawn, for good: publish another version" });
		case "unsigned":
			throw new ProblemError("conflict", {
				detail:
					"the product's releases must be signed, and its role file does not name this version with this package: publish it with --sign-key",
			});
		case "too_many_audiences":
			throw new ProblemError("conflict", {
				detail: `the product has releases for ${MAX_AUDIENCES} audiences (models and engine range) in the channel already: publish for one of them, or first withdraw the releases of one that has no devices left`,
			});
		case "too_many_rollouts":
			throw new ProblemError("conflict", {
				detail: `${MAX_ACTIVE_ROLLOUTS} releases of the product are on their way in the channel already: wait until one is through, or withdraw one`,
			});
		case "not_through":
			throw new ProblemError("conflict", {
				detail: "not everybody on beta may have the version yet: promote it once its rollout there is done",
			});
		case "released":
			throw new ProblemError("conflict", {
				detail: "the version was released, even if its rollout still waits: withdraw it instead",
			});
		case "not_released":
			throw new ProblemError("conflict", {
				detail: "the version was never released, so nobody was offered it: there is nothing to withdraw or to promote",
			});
	}
}

const UNFIT_TARGETS: Readonly<Record<UnfitTarget, string>> = {
	unknown: "there is no such version",
	withdrawn: "it was withdrawn itself",
	not_out: "it is not released, or not everybody may have it",
	unsigned: "the product's releases must be signed, and its role file does not name it",
	other_channel: "it is on beta alone, and the release was on stable",
	not_before: "it is not older than the release",
	other_devices: "it is not for all models and engines that the release was for",
};

/** Nothing was withdrawn. @throws ProblemError */
export function refuseTarget(
	{ target, why }: { readonly target: string; readonly why: UnfitTarget },
	version: string,
): never {
	throw new ProblemError("conflict", {
		detail: `nothing was changed: devices on ${version} cannot be sent back to ${target}: ${UNFIT_TARGETS[why]}. Name an earlier release that everybody may have, or none: then they go back to the newest that is for them`,
	});
}

/** Of a release that was to go on its way. @throws ProblemError */
export function refuseRollout(refusal: Unfit | { readonly reason: ProductRefusal }): never {
	switch (refusal.reason) {
		case "older_version": {
			const { newest } = refusal;
			throw new ProblemError("older_version", { detail: `${newest} is released, and newer`, extras: { newest } });
		}
		case "size_out_of_bounds": {
			const { what, from, to, current, withdrawn, variant } = refusal;
			const whose = withdrawn ? "was out last, and is withdrawn" : "everybody may have";
			const of = variant === undefined ? "" : `variant ${variant}: `;
			const detail = `${of}${what} ${to}, against ${from} of ${current}, which ${whose}`;
			throw new ProblemError("size_out_of_bounds", { detail, extras: { current, compared: what, from, to } });
		}
		case "unreached_variant":
			throw new ProblemError("conflict", {
				detail: `variant ${refusal.variant} is for ${refusal.models.join(", ")}, and the release is not: name these models, or discard the version and upload it without`,
			});
		default:
			refuseRelease(refusal.reason);
	}
}

export const startedBody = releasedBody.extend({
	rescheduled: z.boolean().openapi({
		description:
			"It had been released before, and begins at another time now; words that were given for the other count no more",
	}),
});

/** @returns a release with the rollout that it has begun */
export async function describeReleased(
	{ services, now }: RequestScope,
	product: string,
	{ release, published }: { readonly release: ReleaseEntry; readonly published: boolean },
	holder: KeyHolder,
) {
	const rollout = await services.objects.product(product).rollout(release.version, now);
	return {
		...describeRelease(product, release),
		published,
		rollout: rollout === null ? null : describeRollout(product, rollout, now, holder),
	};
}
