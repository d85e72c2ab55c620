// A device on the wire, as operators see it: the members of a line of an import, and what only the service knows, its state with it.
import { z } from "@hono/zod-openapi";
import { OUTCOME_REASON_NAMES, OUTCOME_REASONS } from "../../../fleet/outcome-reason.ts";
import type { FoundDevice } from "../../../objects/account/fleet/device-search.ts";
import { REPORTED } from "../../../rollout/lease.ts";
import type { LookupKeys } from "../../../signing/keys/lookup-keys.ts";
import { pseudonymOf, pseudonymPeriod } from "../../../signing/keys/lookup-keys.ts";
import { orNull, timestamp, toTimestamp, toTimestampOrNull } from "../../http/openapi.ts";
import { describeTrust, deviceTrustBody } from "../fleet/trust-body.ts";

export const outcome = z.enum(REPORTED);
export const outcomeReason = z.enum(OUTCOME_REASON_NAMES).openapi({
	description: Object.entries(OUTCOME_REASONS)
		.map(([name, meaning]) => `${name}: ${meaning}`)
		.join("; "),
});

const productState = z
	.object({
		product: z.string(),
		installed: z.string().nullable().openapi({ description: "null = nothing, or it has not said" }),
		offered: z.string().nullable().openapi({ description: "What it was to run next; null = what it has" }),
		offered_at: timestamp.nullable().openapi({ description: "Since when something is that it has not installed" }),
		permitted: z.string().nullable().openapi({
			description:
				"Version of its last permit of a release that few may have, or as a member of an HA group; other permits are not kept",
		}),
		permitted_at: timestamp.nullable(),
		downloaded_at: timestamp.nullable().openapi({ description: "When it last said that it has downloaded something" }),
		outcome: orNull(outcome).openapi({ description: "Its last word of a permit" }),
		outcome_version: z.string().nullable().openapi({ description: "That the word was about" }),
		outcome_at: timestamp.nullable(),
		reason: orNull(outcomeReason),
		detail: z.string().nullable().openapi({ description: "Why, in the device's own word" }),
		changed_at: timestamp,
	})
	.openapi("ProductState");

const certificateBody = z
	.object({
		fingerprint: z.string().optional().openapi({ description: "SHA-256, base64url: this certificate and no other" }),
		ends_at: timestamp.optional(),
		issuer: z.string().optional().openapi({ description: "With `subject`: whichever it gives to that name" }),
		subject: z.string().optional(),
	})
	.openapi("DeviceCertificate");

export const deviceBody = z
	.object({
		device: z.string(),
		account: z.string(),
		serial: z.string(),
		model: z.string(),
		status: z.enum(["active", "suspended", "revoked", "deactivated"]),
		license: z.string(),
		labels: z.record(z.string(), z.string()),
		ha_group: z.string().nullable(),
		replaces: z.string().nullable().openapi({ description: "The device whose place it took" }),
		replaced_by: z.string().nullable().openapi({ description: "The device that took its place" }),
		jwk: z.looseObject({}).openapi({ description: "Its public key" }),
		jkt: z.string().openapi({ description: "Thumbprint of the key (RFC 7638)" }),
		dpop_bound: z.boolean(),
		certificates: z.array(certificateBody).openapi({
			description: "Client certificates by which it is known, the newest first; empty = by its key",
		}),
		activated_at: timestamp,
		pseudonym: z.string().openapi({ description: "What logs and telemetry call it this month" }),
		has_seat: z.boolean().openapi({
			description:
				"It has a seat, or a part in that of its HA group; false too when the lease of an elastic one is over",
		}),
		seen_at: timestamp.nullable().openapi({
			description:
				"When it was last heard of, to the hour and up to six hours late while nothing changes; null = never",
		}),
		engine: z.string().nullable().openapi({ description: "Its software, as it said" }),
		country: z.string().nullable().openapi({ description: "Where it was last written down, as the edge saw it" }),
		colo: z.string().nullable().openapi({ description: "The data centre that answered it then (IATA code)" }),
		problem: z.string().nullable().openapi({ description: "Code of the last problem that it met with a permit" }),
		problem_at: timestamp.nullable(),
		trust: deviceTrustBody,
		products: z.array(productState).openapi({ description: "What is known of each, by name" }),
	})
	.openapi("Device");

/** @param now unix seconds; whose month the pseudonym is of */
export async function describeDevice(
	{ device, state, anchors, seenAt, hasSeat }: FoundDevice,
	lookupKeys: LookupKeys,
	now: number,
): Promise<z.infer<typeof deviceBody>> {
	const { id, account, serial, model, status, license, labels, haGroup, replaces, replacedBy } = device;
	const { engine = null, country = null, colo = null, problem = null, problemAt = null } = state.sighting ?? {};
	return {
		device: id,
		...{ account, serial, model, status, license, labels, ha_group: haGroup, replaces, replaced_by: replacedBy },
		...{ jwk: { ...device.jwk }, jkt: device.jkt, dpop_bound: device.dpopBound },
		certificates: (device.certificates ?? []).map((rule) =>
			"x5t" in rule ? { fingerprint: rule.x5t, ends_at: toTimestamp(rule.notAfter) } : rule,
		),
		activated_at: toTimestamp(device.activatedAt),
		pseudonym: await pseudonymOf(lookupKeys, id, pseudonymPeriod(now)),
		...{ has_seat: hasSeat, seen_at: toTimestampOrNull(seenAt), engine, country, colo },
		...{ problem, problem_at: toTimestampOrNull(problemAt), trust: describeTrust(anchors) },
		products: Object.entries(state.products)
			.toSorted(([one], [other]) => (one < other ? -1 : 1))
			.map(([product, { installed, offered, permitted, outcome, reason, detail, ...known }]) => ({
				...{ product, installed, offered, permitted, outcome, reason, detail, outcome_version: known.outcomeVersion },
				...{ offered_at: toTimestampOrNull(known.offeredAt), permitted_at: toTimestampOrNull(known.permittedAt) },
				...{ downloaded_at: toTimestampOrNull(known.downloadedAt), outcome_at: toTimestampOrNull(known.outcomeAt) },
				changed_at: toTimestamp(known.changedAt),
			})),
	};
}
