// The answer to a check on the wire. docs/protocol.md says what each status and reason means.
import { z } from "@hono/zod-openapi";
import { urgency } from "../../../content/releases/product-record.ts";
import {
	type Blocked,
	CURRENT_REASONS,
	type Held,
	OFFER_REASONS,
	UNAVAILABLE_REASONS,
} from "../../../content/releases/selection.ts";
import { BLOCK_REASONS, requirement } from "../../../content/requires/requires.ts";
import { REFUSAL_CODES } from "../../../entitlement/decision-codes.ts";
import { degradedFlag, timestamp } from "../../http/openapi.ts";
import { pulseLink } from "../../http/pulse-links.ts";
import { offeredFacts } from "../../http/release-facts-body.ts";
import { decision, decisionCode } from "../explain/entitlements.ts";
import { downloadLinks, offeredVariant } from "../permits/download-links.ts";

export const checkStatus = z
	.enum(["offered", "current", "unavailable", "refused"])
	.openapi({ description: "What there is to do; see docs/protocol.md" });
export const checkReason = z
	.enum([...OFFER_REASONS, ...CURRENT_REASONS, ...UNAVAILABLE_REASONS, ...REFUSAL_CODES])
	.openapi({ description: "Why the status is what it is; of `refused` the code" });

const offer = z
	.object({
		version: z.string(),
		sequence: z.int(),
		sha256: z.string(),
		size: z.int(),
		name: z.string(),
		variant: offeredVariant,
		urgency: urgency,
		notes: z.string(),
		...offeredFacts,
		downgrade: z.boolean().nullable().openapi({
			description:
				"Whether its version is older than what is installed; null = not known, which only versions without an order can be",
		}),
		role_version: z.int().optional().openapi({
			description: "Version of the product's role file (TUF) that names this release; not given = none does",
			example: 7,
		}),
		after: z
			.array(z.string())
			.optional()
			.openapi({
				description:
					"Products whose offers are to be installed before this one, or it is not permitted; left out = none",
				example: ["engine-rules"],
			}),
		capability: z.string().openapi({ description: "Hand this back to POST /v1/permits" }),
		expires_at: timestamp,
		download: z.object(downloadLinks).optional().openapi({
			description:
				"As a permit would give it, where none is needed: to be used within 30 seconds of this answer, and reported on by `capability`. Left out: ask for a permit",
		}),
	})
	.openapi("Offer");

/** What of other products a release requires that the device lacks. */
export const blockedBy = z
	.array(
		z
			.object({
				version: z.string().openapi({ description: "Of the release that waits for it: of the product asked about" }),
				...requirement.shape,
				installed: z.string().nullable().openapi({ description: "What the device has of the required product" }),
				reason: z.enum(BLOCK_REASONS).openapi({
					description: "Why nothing that would do is offered; see docs/protocol.md",
					example: "not_offered",
				}),
			})
			.openapi("Blocker"),
	)
	.openapi({
		description:
			"Of the newest release that the device would get otherwise: what it lacks of other products; left out = nothing",
	});

export function describeBlocked({ version, missing }: Blocked): z.infer<typeof blockedBy> {
	return missing.map(({ requirement, installed, reason }) => ({ version, ...requirement, installed, reason }));
}

/** What stays installed of other products, and holds a release back. */
export const heldBy = z
	.array(
		z
			.object({
				version: z.string().openapi({ description: "Of the release that is held back: of the product asked about" }),
				product: z.string().openapi({ description: "The other product, which would not work with it" }),
				installed: z.string().openapi({ description: "Its version, which stays on the device" }),
				requires: z.object(requirement.shape).openapi({
					description: "What that requires of the product asked about",
					example: { product: "engine-rules", min: "4.26", max: "4.9" },
				}),
			})
			.openapi("Holder"),
	)
	.openapi({
		description:
			"Of the newest release that the device would get otherwise: which other products hold it back, since what is installed of them does not go with it; left out = none",
	});

export function describeHeld({ version, by }: Held): z.infer<typeof heldBy> {
	return by.map((one) => ({
		version,
		product: one.product,
		installed: one.version,
		requires: { ...one.requirement },
	}));
}

export const checkBody = z
	.object({
		device: z.string(),
		as_of: timestamp,
		degraded: degradedFlag,
		next_check_in: z.int().openapi({ description: "seconds" }),
		products: z.array(
			z.object({
				product: z.string(),
				decision,
				code: decisionCode,
				until: timestamp.nullable(),
				installed: z.string().nullable(),
				status: checkStatus,
				reason: checkReason,
				disabled_rules: z.array(z.string()).optional().openapi({
					description: "Ids of rules to leave out, whatever version is installed; left out = none",
				}),
				blocked_by: blockedBy.optional(),
				held_by: heldBy.optional(),
				offer: offer.optional(),
				waiting: z
					.object({
						version: z.string(),
						until: timestamp.nullable().openapi({
							description: "When this device may install it by the clock; null = when its account says so",
						}),
					})
					.optional()
					.openapi({ description: "Of `held`, `frozen` and `outside_window`: what the account's policy puts off" }),
			}),
		),
		messages: z.object({ unread: z.int(), last: z.int() }),
		heard_until: timestamp.optional().openapi({
			description:
				"Hand this back as `heard_until` of checks until then. Another one than was handed in: what `installed_at` said is told, and only its last of each product need be said again. Left out: each check tells",
		}),
		pulse: z.array(pulseLink).optional().openapi({
			description:
				"While each of these says its value, and `until` (or `once_installed_until`) has not come, there is nothing to check for",
		}),
		until: timestamp
			.optional()
			.openapi({ description: "With `pulse` only, where nothing is offered: check by then in any case" }),
		once_installed_until: timestamp.optional().openapi({
			description:
				"With `pulse` only: the same for a device that has installed everything that is offered here. Any other checks after `next_check_in`",
		}),
	})
	.openapi("Check");
