// The server's answers to a firewall, as far as this client reads them; what they are is said in wire-types.ts. Unknown fields are ignored:
// the server may grow.
import { z } from "zod";
import { MAX_DISABLED_RULES, ruleId } from "../../src/content/releases/disabled-rules.ts";
import { packageFileName, productName, sha256Hex, variantName, versionName } from "../../src/names.ts";
import type {
	Acknowledged,
	CheckAnswer,
	CheckedProduct,
	EntitlementsAnswer,
	MessagesAnswer,
	Offer,
	Permit,
	ServerMetadata,
} from "./wire-types.ts";

const rfc3339 = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "not a time");

const degradedMarks = { degraded: z.boolean().optional(), as_of: z.string().nullish() };

/** RFC 8414 */
export const serverMetadata: z.ZodType<ServerMetadata> = z.object({
	issuer: z.url(),
	token_endpoint: z.url(),
	registration_endpoint: z.url(),
	/** RFC 8705 §5 */
	mtls_endpoint_aliases: z.object({ token_endpoint: z.url(), registration_endpoint: z.url() }).optional(),
});

/** RFC 7591 §3.2.1 */
export const registrationAnswer = z.object({
	client_id: z.string(),
	registration_access_token: z.string(),
	account: z.string(),
	license: z.string(),
	token_endpoint_auth_method: z.string().optional(),
});

export const tokenAnswer = z.object({
	access_token: z.string(),
	token_type: z.string(),
	expires_in: z.number().positive(),
	/** to be sent for the next one */
	lineage: z.string().max(1_000).optional(),
});

/** Signed URLs of a package, in a permit or in an offer that needs none. */
const downloadLinks = {
	url: z.string(),
	delta: z
		.object({
			coding: z.string(),
			from_sha256: sha256Hex.nullish(),
			sha256: sha256Hex,
			size: z.number().positive(),
			url: z.string(),
		})
		.nullish(),
	expires_at: rfc3339,
	report_success: z.boolean().nullish(),
};

/** Of a check or an explanation: what a release waits for. */
export const blockedAnswer = z
	.array(
		z.object({
			version: z.string(),
			product: z.string(),
			min: z.string().optional(),
			max: z.string().optional(),
			exactly: z.string().optional(),
			installed: z.string().nullable(),
			reason: z.string(),
		}),
	)
	.nullish();

/** The same: what holds a release back. */
export const heldAnswer = z
	.array(
		z.object({
			version: z.string(),
			product: z.string(),
			installed: z.string(),
			requires: z.object({
				product: z.string(),
				min: z.string().optional(),
				max: z.string().optional(),
				exactly: z.string().optional(),
			}),
		}),
	)
	.nullish();

export const offer: z.ZodType<Offer> = z.object({
	version: versionName,
	sequence: z.number(),
	sha256: sha256Hex,
	size: z.number().positive(),
	name: packageFileName,
	variant: variantName.nullish(),
	urgency: z.string().nullish(),
	notes: z.string().nullish(),
	downgrade: z.boolean().nullish(),
	impact: z.string().nullish(),
	footprint: z.looseObject({ unpacked: z.number().nullish(), disk: z.number().nullish() }).nullish(),
	/** products whose offers are to be installed before it */
	after: z.array(productName).nullish(),
	capability: z.string(),
	expires_at: rfc3339,
	download: z.object(downloadLinks).nullish(),
});

const checkedProduct: z.ZodType<CheckedProduct> = z.object({
	product: productName,
	decision: z.string().nullish(),
	code: z.string().nullish(),
	until: z.string().nullish(),
	installed: z.string().nullish(),
	status: z.string(),
	reason: z.string().nullish(),
	waiting: z.object({ version: z.string(), until: z.string().nullable() }).nullish(),
	blocked_by: blockedAnswer,
	held_by: heldAnswer,
	disabled_rules: z.array(ruleId).max(MAX_DISABLED_RULES).nullish(),
	offer: offer.nullish(),
});

/** Seconds. A service can be set to 5 s up to a day; it doubles that while its records cannot be read, and some devices ask a tenth later. */
const SHORTEST_INTERVAL = 5;
const LONGEST_INTERVAL = 190_080;
/** What lies outside is of no service: at once it would be asked for ever, and a timer that is set too far rings at once. */
const checkInterval = z
	.number()
	.transform((seconds) => Math.min(Math.max(seconds, SHORTEST_INTERVAL), LONGEST_INTERVAL));

export const checkAnswer: z.ZodType<CheckAnswer> = z.object({
	device: z.string(),
	...degradedMarks,
	next_check_in: checkInterval.nullish(),
	products: z.array(checkedProduct),
	messages: z.object({ unread: z.number(), last: z.number() }).nullish(),
	heard_until: rfc3339.nullish(),
	pulse: z.array(z.object({ url: z.string(), value: z.string() })).nullish(),
	until: rfc3339.nullish(),
	once_installed_until: rfc3339.nullish(),
});

export const pulseAnswer = z.object({ value: z.string(), spread: z.number().min(0).max(86_400) });

export const permitAnswer: z.ZodType<Permit> = z.object({
	permit: z.string(),
	product: productName,
	version: versionName,
	sha256: sha256Hex,
	size: z.number().positive(),
	name: packageFileName,
	variant: variantName.nullish(),
	...downloadLinks,
	report_by: rfc3339.nullish(),
	...degradedMarks,
});

export const reportAnswer = z.object({ outcome: z.string() });

export const ackAnswer: z.ZodType<Acknowledged> = z.object({
	message: z.string(),
	acknowledged_at: z.string(),
	acknowledged_by: z.string().nullish(),
});

export const messagesAnswer: z.ZodType<MessagesAnswer> = z.object({
	messages: z.array(
		z.object({
			id: z.string(),
			sequence: z.number(),
			severity: z.string(),
			title: z.string(),
			body: z.string(),
			starts_at: z.string().nullish(),
			ends_at: z.string().nullish(),
		}),
	),
	last: z.number(),
	...degradedMarks,
});

export const entitlementsAnswer: z.ZodType<EntitlementsAnswer> = z.object({
	device: z.string(),
	account: z.string(),
	...degradedMarks,
	products: z.array(
		z.object({
			product: productName,
			decision: z.string(),
			code: z.string().nullish(),
			until: z.string().nullish(),
			grace_until: z.string().nullish(),
		}),
	),
});
