// How a webhook is shown, by itself and, once, with its secret.
import { z } from "@hono/zod-openapi";
import { formatEventId } from "../../../events/event-id.ts";
import type { Webhook } from "../../../objects/webhooks/webhook-tables.ts";
import type { MacKeyring } from "../../../signing/keys/mac-keyring.ts";
import { formatWebhookSecret, webhookSecret } from "../../../signing/webhook-signature.ts";
import { timestamp, toTimestamp, toTimestampOrNull } from "../../http/openapi.ts";

export const webhookBody = z
	.object({
		webhook: z.string(),
		url: z.string(),
		types: z.array(z.string()).openapi({ description: "None means every event" }),
		state: z.enum(["active", "failing", "disabled"]),
		disabled_reason: z.enum(["gone", "url_refused", "retries_exhausted"]).nullable(),
		failures: z.int().openapi({ description: "Failed attempts in a row" }),
		last_attempt_at: timestamp.nullable(),
		last_status: z.int().nullable().openapi({ description: "Null also when there was no answer" }),
		last_result: z.string().nullable().openapi({
			description: "`delivered`, `status`, `timeout`, `unreachable`, `not_configured`, or a `disabled_reason`",
		}),
		next_attempt_at: timestamp.nullable().openapi({ description: "Null when nothing waits" }),
		told_up_to: z.string().openapi({ description: "Id of the event up to which nothing waits" }),
		created_at: timestamp,
	})
	.openapi("Webhook");
export const secretBody = webhookBody.extend({
	secret: z.string().openapi({ description: "For verifying signatures; shown this once", example: "whsec_…" }),
});

/** @param trail that it is told of, as in events/event-id.ts */
export function describeWebhook(trail: string, webhook: Webhook): z.infer<typeof webhookBody> {
	const { disabled, failures, lastAttemptAt, nextAttemptMs } = webhook;
	return {
		webhook: webhook.id,
		url: webhook.url,
		types: [...webhook.types],
		state: disabled !== null ? "disabled" : failures > 0 ? "failing" : "active",
		disabled_reason: disabled,
		failures,
		last_attempt_at: toTimestampOrNull(lastAttemptAt),
		last_status: webhook.lastStatus,
		last_result: webhook.lastResult,
		next_attempt_at: nextAttemptMs === null ? null : toTimestamp(Math.ceil(nextAttemptMs / 1000)),
		told_up_to: formatEventId(trail, webhook.position),
		created_at: toTimestamp(webhook.createdAt),
	};
}

/** The webhook with its newest secret, which is made again from the key and never stored. */
export async function describeWithSecret(keyring: MacKeyring, trail: string, webhook: Webhook) {
	const [newest] = webhook.secrets;
	if (newest === undefined) throw new Error("a webhook without a secret");
	const { kid, generation } = newest;
	const ref = { kid, generation, trail, webhook: webhook.id };
	const secret = await webhookSecret(keyring, ref);
	if (secret === null) throw new Error("the present key is not in its ring");
	return { ...describeWebhook(trail, webhook), secret: formatWebhookSecret(secret) };
}
