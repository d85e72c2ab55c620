// Webhook endpoints of an account: where they are, how they are doing, and their secrets, each shown once.
import { createRoute, z } from "@hono/zod-openapi";
import { type AccountId, isWebhookId, mintWebhookId } from "../../entitlement/ids.ts";
import { accountTrail, formatEventId } from "../../events/event-id.ts";
import { accountEventType, MAX_EVENT_TYPES } from "../../events/event-type.ts";
import { acceptsWebhookUrl, WEBHOOK_URL_REFUSALS } from "../../events/webhook-url.ts";
import type { Webhook } from "../../objects/account/webhooks/webhook-tables.ts";
import type { WebhookResult } from "../../objects/account/webhooks/webhooks.ts";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";
import { formatWebhookSecret, webhookSecret } from "../../signing/webhook-signature.ts";
import { accountPath, accountRefusals, changeRefusals, openAccount, randomBytes } from "../http/account-in-path.ts";
import { accountAccess, accountReadAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, timestamp, toTimestamp, toTimestampOrNull } from "../http/openapi.ts";

const webhookBody = z
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
const secretBody = webhookBody.extend({
	secret: z.string().openapi({ description: "For verifying signatures; shown this once", example: "whsec_…" }),
});

const webhookPath = accountPath.extend({ webhook: z.string().refine(isWebhookId, "not the id of a webhook") });
const access = { tags: ["Operator"] };

const create = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/webhooks",
	operationId: "createWebhook",
	summary: "Have events of an account sent to a URL (Standard Webhooks)",
	...access,
	...accountAccess,
	request: {
		params: accountPath,
		body: jsonBody(
			z
				.strictObject({
					url: z.string().openapi({ description: "https, with a public name, port 443 or from 1024 on" }),
					types: z
						.array(accountEventType)
						.max(MAX_EVENT_TYPES)
						.optional()
						.openapi({
							description: "Types of docs/events.md, or beginnings of types; every event if left out",
							example: ["device"],
						}),
				})
				.openapi("NewWebhook"),
		),
	},
	responses: { 201: jsonAnswer(secretBody, "Made; it is told of what happens from now on"), ...changeRefusals },
});
const list = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/webhooks",
	operationId: "listWebhooks",
	summary: "Webhooks of an account, and how they are doing",
	...access,
	...accountReadAccess,
	request: { params: accountPath },
	responses: { 200: jsonAnswer(z.object({ webhooks: z.array(webhookBody) }), "All of them"), ...accountRefusals },
});
const remove = createRoute({
	method: "delete",
	path: "/v1/accounts/{account}/webhooks/{webhook}",
	operationId: "removeWebhook",
	summary: "Remove a webhook",
	...access,
	...accountAccess,
	request: { params: webhookPath },
	responses: { 204: { description: "Removed" }, ...accountRefusals },
});
const rotate = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/webhooks/{webhook}/rotate",
	operationId: "rotateWebhookSecret",
	summary: "Give a webhook a new secret; the old one signs beside it for 24 hours",
	...access,
	...accountAccess,
	request: { params: webhookPath },
	responses: { 200: jsonAnswer(secretBody, "The new secret"), ...accountRefusals },
});
const enable = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/webhooks/{webhook}/enable",
	operationId: "enableWebhook",
	summary: "Try a disabled or failing webhook again, at once",
	...access,
	...accountAccess,
	request: {
		params: webhookPath,
		body: jsonBody(
			z.strictObject({
				skip_missed: z.boolean().optional().openapi({ description: "Go on with what happens from now on" }),
			}),
		),
	},
	responses: { 200: jsonAnswer(webhookBody, "Its state now"), ...accountRefusals },
});
const test = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/webhooks/{webhook}/test",
	operationId: "testWebhook",
	summary: "Send a `webhook.test` event, after those that wait, and say how that went",
	...access,
	...accountAccess,
	request: { params: webhookPath },
	responses: { 200: jsonAnswer(webhookBody, "Its state after the attempt, or after 17 s"), ...changeRefusals },
});

function describe(account: AccountId, webhook: Webhook): z.infer<typeof webhookBody> {
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
		told_up_to: formatEventId(accountTrail(account.objectName), webhook.position),
		created_at: toTimestamp(webhook.createdAt),
	};
}

/** @throws ProblemError where the account's object refuses */
function settle(result: WebhookResult): Webhook {
	if (result.ok) return result.webhook;
	switch (result.reason) {
		case "unknown_account":
		case "unknown_webhook":
			throw new ProblemError("not_found");
		case "id_taken":
			throw new ProblemError("already_exists");
		case "too_many":
			throw new ProblemError("conflict", { detail: "an account has at most 10 webhooks; remove one first" });
		case "disabled":
			throw new ProblemError("conflict", { detail: "the webhook is disabled; enable it first" });
	}
}

/** The webhook with its newest secret, which is made again from the key and never stored. */
async function describeWithSecret({ services }: RequestScope, account: AccountId, webhook: Webhook) {
	const [newest] = webhook.secrets;
	if (newest === undefined) throw new Error("a webhook without a secret");
	const { kid, generation } = newest;
	const ref = { kid, generation, account: account.objectName, webhook: webhook.id };
	const secret = await webhookSecret(services.macKeyring, ref);
	if (secret === null) throw new Error("the present key is not in its ring");
	return { ...describe(account, webhook), secret: formatWebhookSecret(secret) };
}

export const webhooks = createRouter()
	.openapi(create, async (c) => {
		const { config, macKeyring } = c.env.services;
		const account = await openAccount(c, c.req.valid("param").account);
		const { url, types = [] } = c.req.valid("json");
		const verdict = acceptsWebhookUrl(url, { ownOrigin: config.issuer, allowLoopback: config.isLocal });
		if (!verdict.ok) {
			const message = WEBHOOK_URL_REFUSALS[verdict.reason];
			throw new ProblemError("invalid_request", {
				detail: `the URL ${message}`,
				extras: { errors: [{ field: "url", message }] },
			});
		}
		const created = await account.object.createWebhook({
			...account.by,
			id: mintWebhookId(randomBytes()),
			url: verdict.url.href,
			types: [...new Set(types)],
			kid: macKeyring.current.kid,
		});
		return c.json(await describeWithSecret(c.env, account, settle(created)), 201);
	})
	.openapi(list, async (c) => {
		const account = await openAccount(c, c.req.valid("param").account);
		const found = await account.object.listWebhooks();
		if (found === null) throw new ProblemError("not_found");
		return c.json({ webhooks: found.map((webhook) => describe(account, webhook)) }, 200);
	})
	.openapi(remove, async (c) => {
		const { account, webhook: id } = c.req.valid("param");
		const { object, by } = await openAccount(c, account);
		settle(await object.deleteWebhook({ ...by, id }));
		return c.body(null, 204);
	})
	.openapi(rotate, async (c) => {
		const { account: text, webhook: id } = c.req.valid("param");
		const account = await openAccount(c, text);
		const { kid } = c.env.services.macKeyring.current;
		const rotated = settle(await account.object.rotateWebhook({ ...account.by, id, kid }));
		return c.json(await describeWithSecret(c.env, account, rotated), 200);
	})
	.openapi(enable, async (c) => {
		const { account: text, webhook: id } = c.req.valid("param");
		const account = await openAccount(c, text);
		const skipMissed = c.req.valid("json").skip_missed ?? false;
		const enabled = await account.object.enableWebhook({ ...account.by, id, skipMissed });
		return c.json(describe(account, settle(enabled)), 200);
	})
	.openapi(test, async (c) => {
		const { account: text, webhook: id } = c.req.valid("param");
		const account = await openAccount(c, text);
		return c.json(describe(account, settle(await account.object.testWebhook({ ...account.by, id }))), 200);
	});
