// An explanation on the wire: its schema, and how it is filled from what the rules said.
import { z } from "@hono/zod-openapi";
import type { Explanation } from "../../../content/check/explain.ts";
import { channel } from "../../../content/releases/channel.ts";
import { forModel } from "../../../content/releases/for-model.ts";
import { inOfferOrder } from "../../../content/releases/offer-order.ts";
import { type Release, urgency, type VersionOrder } from "../../../content/releases/product-record.ts";
import type { Buckets } from "../../../content/releases/rollout-place.ts";
import { type DeviceProfile, deviceStatus, hold } from "../../../entitlement/devices/device-record.ts";
import type { ExplainedReleases } from "../../../objects/product/releases/explained-releases.ts";
import { PERMIT_REFUSALS } from "../../../rollout/lease.ts";
import { type Reach, reach } from "../../../rollout/reach.ts";
import { degradedMarks, orNull, timestamp, toTimestamp, toTimestampOrNull } from "../../http/openapi.ts";
import { describedFacts, describeFacts, requiredField } from "../../http/release-facts-body.ts";
import { deviceTrustBody } from "../../operator/fleet/trust-body.ts";
import { explainedHaBody } from "../../operator/ha/ha-body.ts";
import { licenseBody } from "../../operator/licenses/license-body.ts";
import { decisionCode, describeEntitlement, entitlementBody } from "./entitlements.ts";
import { answerBody, describeAnswer } from "./explained-answer.ts";
import { describePolicy, explainedPolicyBody, type Permit, permitOf } from "./explained-policy.ts";

const releaseBody = z
	.object({
		version: z.string(),
		variant: z.string().optional().openapi({
			description:
				"The package of the release that its model gets; left out = the one for all models without a variant",
			example: "arm",
		}),
		sequence: z.int(),
		released_at: timestamp,
		urgency,
		channel: channel.meta({ description: "In which it travels: what is on beta is for devices on beta alone" }),
		installed: z.boolean(),
		withdrawn: z.boolean(),
		...describedFacts,
		regressed: z.boolean().openapi({
			description: "Told to fail more often than the releases before it since everybody may have it",
		}),
		held_by_validator: z.enum(["pending", "failed"]).nullable().openapi({
			description:
				"The product's validator has not passed it, or has failed it: nobody is offered it; null = it holds nothing",
		}),
		verdict: z
			.enum([
				"chosen",
				"unsigned",
				"withdrawn",
				"failed_here",
				"not_pinned",
				"not_reached",
				"rollout_closed",
				"no_fallback",
				"blocked",
				"held_by_installed",
				"other_channel",
				"skipped_by_revert",
				"incompatible_model",
				"incompatible_engine",
				"too_large_for_device",
				"not_licensed",
				"too_young",
				"older_than_choice",
			])
			.openapi({
				description:
					"`unsigned`: the product demands signatures, its role file does not name the release, and nobody is offered it; `skipped_by_revert`: it lies between a withdrawn release and the one to which devices go back from it, and the device runs one of the two; `blocked`: the device lacks what it requires of other products; `held_by_installed`: what stays installed of another product does not go with it",
			}),
		requires: requiredField,
		ready_at: timestamp.nullable().openapi({
			description:
				"Of one that is `too_young`: when it is old enough; `not_reached`: when its rollout comes to the device",
		}),
		rollout: orNull(
			z
				.object({
					step: z.string(),
					open: z.boolean().openapi({ description: "Whether it lets anybody in at present" }),
					closed: reach.shape.closed,
					permit: z
						.enum([
							"given",
							"pinned",
							"too_young",
							"held",
							"outside_window",
							"too_large_for_device",
							...PERMIT_REFUSALS,
						])
						.nullable()
						.openapi({
							description:
								"What the device would be told, were it to ask for a permit now; null = the product did not answer, or another time than now is asked about",
						}),
					ring: z.string().nullable().openapi({ description: "Devices with the label `ring` of this value alone" }),
					bucket: z.number().nullable().openapi({
						description:
							"Of the device's unit: it is let in when the rollout's fraction passes it; null where nobody is let in",
					}),
				})
				.openapi("ExplainedRollout"),
		).openapi({ description: "Of a release on its way; null = everybody may have it" }),
	})
	.openapi("ExplainedRelease");

const changeBody = z
	.object({
		at: timestamp,
		what: z.enum([
			"license_starts",
			"license_ends",
			"grace_ends",
			"critical_ends",
			"release_ready",
			"policy_opens",
			"policy_closes",
		]),
		answer: answerBody,
	})
	.openapi("ExplainedChange");

const suspensionBody = z
	.object({
		type: z.string().openapi({ description: "As in docs/events.md", example: "device.suspended" }),
		subject: z.string().openapi({ description: "Id of the device or the license" }),
		at: timestamp,
		actor: z.string(),
		reason: z.string(),
	})
	.openapi("ExplainedSuspension");

const edgeBody = z
	.object({
		license_epoch: z.int().openapi({ description: "How often the account's licenses have changed for its devices" }),
		license_epoch_known: z.int().openapi({
			description:
				"The same as this location knows it, 0 = no change of late; records and tokens of an earlier epoch are outdated",
		}),
		version: z.int().openapi({ description: "Of the device's record, by its Account" }),
		denied: z.object({ until: timestamp }).nullable().openapi({
			description: "Its entry in the deny list that this location knows; `until`: when no token from before it is left",
		}),
		product_revision: z.int().nullable().openapi({ description: "Null = nothing was ever published" }),
		stores: z.array(
			z.object({
				store: z.string(),
				state: z.enum(["current", "behind", "ahead", "missing", "unreadable", "unreachable"]),
				version: z.int().nullable(),
				license_epoch: z.int().nullable(),
				outdated: z.boolean().openapi({ description: "By `license_epoch_known`: the Account is asked instead" }),
				code: decisionCode.nullable().openapi({ description: "What would be decided by this copy" }),
			}),
		),
	})
	.openapi("ExplainedEdge");

const installBody = z.object({ at: timestamp, version: z.string() }).openapi("ExplainedInstall");

export const explanationBody = z
	.object({
		device: z.string(),
		account: z.string(),
		product: z.string(),
		at: timestamp.openapi({ description: "The time it is about" }),
		model: z.string(),
		channel: channel.meta({ description: "Of the product that the device is on" }),
		engine: z.string().nullable(),
		disk_free: z.int().nullable().openapi({ description: "As the question says, in bytes; null = it says nothing" }),
		memory: z.int().nullable().openapi({ description: "As the question says, in bytes; null = it says nothing" }),
		installed: z.string().nullable(),
		from_state: z.array(z.enum(["installed", "engine"])).openapi({
			description: "What of these the question did not give, so that what the device said last counts",
		}),
		status: deviceStatus,
		replaces: z.string().nullable().openapi({ description: "The device whose place it took" }),
		replaced_by: z.string().nullable().openapi({ description: "The device that took its place" }),
		ha_group: z.string().nullable(),
		holds_seat: z.boolean().openapi({ description: "Of its own, or a part in that of its HA group" }),
		seat_holder: z
			.string()
			.nullable()
			.openapi({ description: "Whose seat that is, or was until `lease_until`: the device's or its HA group's" }),
		lease_until: timestamp
			.nullable()
			.openapi({ description: "End of the lease on its seat; null = no seat, or for good" }),
		hold: hold.nullable().openapi({ description: "Why an active device gets nothing although it is active" }),
		suspensions: z.array(suspensionBody).openapi({
			description:
				"Who suspended or revoked the device or its license, when and why, with each reason that was added; oldest first. Told to operators alone: none where the device asks",
		}),
		license: orNull(licenseBody),
		ha: orNull(explainedHaBody).openapi({ description: "Its HA group, as it is now; null = it is in none" }),
		trust: deviceTrustBody,
		entitlement: entitlementBody,
		releases: z.array(releaseBody).openapi({ description: "Newest first; none where the entitlement is refused" }),
		disabled_rules: z.array(z.string()).openapi({ description: "Ids of rules that the device leaves out" }),
		answer: answerBody,
		policy: orNull(explainedPolicyBody).openapi({
			description: "What the account says of its updates; null = nothing",
		}),
		install: orNull(installBody).openapi({
			description:
				"The next release that this device may install, and from when on, by all that is known now; null = nothing is new, or not by time alone",
		}),
		changes_at: timestamp.nullable().openapi({ description: "Until then nothing changes by time alone" }),
		changes: z
			.array(changeBody)
			.openapi({ description: "What time will change, each with the answer from then on; soonest first, ten at most" }),
		edge: edgeBody.openapi({ description: "What this location knows, where it may be behind" }),
		...degradedMarks,
	})
	.openapi("Explanation");

/** The part of an explanation that the rules gave. */
export function describeExplanation(
	{ answer, releases, changes, install }: Explanation,
	device: Pick<DeviceProfile, "policy" | "haGroup" | "model">,
	buckets: Buckets,
	versionOrder: VersionOrder,
	product: ExplainedReleases | null,
) {
	const unsigned = answer.selection === null ? [] : (product?.unsigned ?? []);
	const { model } = device;
	const judged = [
		...releases,
		...unsigned.map((release) => ({ release: forModel(release, model), verdict: "unsigned", readyAt: null }) as const),
	];
	const newestFirst = judged.map(({ release }) => release).toSorted((a, b) => b.sequence - a.sequence);
	const places = new Map(
		inOfferOrder<Release>(newestFirst, versionOrder).map(({ version }, place) => [version, place]),
	);
	const placeOf = ({ release }: { release: Release }) => places.get(release.version) ?? 0;
	return {
		policy: device.policy === null ? null : describePolicy(device.policy, answer.product),
		install: install === null ? null : { at: toTimestamp(install.at), version: install.release.version },
		entitlement: describeEntitlement(answer.product, answer.entitlement),
		releases: judged
			.toSorted((a, b) => placeOf(a) - placeOf(b))
			.map(({ release, verdict, readyAt }) => ({
				version: release.version,
				...(release.variant !== undefined && { variant: release.variant }),
				sequence: release.sequence,
				released_at: toTimestamp(release.releasedAt),
				urgency: release.urgency,
				channel: release.channel,
				installed: release.version === answer.installed,
				withdrawn: release.withdrawn,
				...describeFacts(release),
				regressed: product?.regressed?.includes(release.version) ?? false,
				held_by_validator: product?.held?.[release.version] ?? null,
				verdict,
				requires: [...(release.requires ?? [])],
				ready_at: toTimestampOrNull(readyAt),
				rollout:
					release.rollout === null
						? null
						: describeReach(
								release.rollout,
								buckets,
								permitOf(verdict, answer, product?.permits[release.version] ?? null),
							),
			})),
		answer: describeAnswer(answer, device),
		changes_at: toTimestampOrNull(changes[0]?.at),
		changes: changes.map((change) => ({
			at: toTimestamp(change.at),
			what: change.what,
			answer: describeAnswer(change.answer, device),
		})),
	};
}

function describeReach({ step, open, closed, ring, salt }: Reach, buckets: Buckets, permit: Permit | null) {
	return { step, open, closed, permit, ring, bucket: buckets.get(salt) ?? null };
}
