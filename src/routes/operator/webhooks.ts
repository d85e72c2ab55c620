// Webhook endpoints of an account: where they are, how they are doing, and their secrets, each shown once.
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type AccountId, isWebhookId, mintWebhookId } from "../../entitlement/ids.ts";
import { accountTrail, formatEventId } from "../../events/event-id.ts";
import { eventType, MAX_EVENT_TYPES } from "../../events/event-type.ts";
import { acceptsWebhookUrl, WEBHOOK_URL_REFUSALS } from "../../events/webhook-url.ts";
import type { Webhook } from "../../objects/account/webhooks/webhook-tables.ts";
import type { WebhookChange } from "../../objects/account/webhooks/webhooks.ts";
import { ProblemError } from "../../problem.ts";
import { formatWebhookSecret, webhookSecret } from "../../signing/webhook-signature.ts";
import type { AppEnv } from "../http/app-env.ts";
import { operatorAccess } from "../http/authenticate.ts";
import { createRouter, jsonAnswer, jsonBody, timestamp, toTimestamp } from "../http/openapi.ts";
import { accountPath, accountRefusals, changeRefusals, randomBytes, readAccount } from "./account-in-path.ts";

const webhookBody = z
	.object({
		webhook: z.string(),
		url: z.string(),
		types: z.array(z.string()).openapi({ description: "None means every event" }),
		state: z.enum(["active", "failing", "disabled"]),
		disabled_reason: z.enum(["gone", "url_refused", "key_missing", "retries_exhausted"]).nullable(),
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
const access = { tags: ["Operator"], ...operatorAccess };

const create = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/webhooks",
	summary: "Have events of an account sent to a URL (Standard Webhooks)",
	...access,
	request: {
		params: accountPath,
		body: jsonBody(
			z
				.strictObject({
					url: z.string().openapi({ description: "https, with a public name, port 443 or from 1024 on" }),
					types: z
						.array(eventType)
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
	summary: "Webhooks of an account, and how they are doing",
	...access,
	request: { params: accountPath },
	responses: { 200: jsonAnswer(z.object({ webhooks: z.array(webhookBody) }), "All of them"), ...accountRefusals },
});
const remove = createRoute({
	method: "delete",
	path: "/v1/accounts/{account}/webhooks/{webhook}",
	summary: "Remove a webhook",
	...access,
	request: { params: webhookPath },
	responses: { 204: { description: "Removed" }, ...accountRefusals },
});
const rotate = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/webhooks/{webhook}/rotate",
	summary: "Give a webhook a new secret; the old one signs beside it for 24 hours",
	...access,
	request: { params: webhookPath },
	responses: { 200: jsonAnswer(secretBody, "The new secret"), ...accountRefusals },
});
const enable = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/webhooks/{webhook}/enable",
	summary: "Try a disabled or failing webhook again, at once",
	...access,
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
	summary: "Send a `webhook.test` event, after those that wait, and say how that went",
	...access,
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
		last_attempt_at: lastAttemptAt === null ? null : toTimestamp(lastAttemptAt),
		last_status: webhook.lastStatus,
		last_result: webhook.lastResult,
		next_attempt_at: nextAttemptMs === null ? null : toTimestamp(Math.ceil(nextAttemptMs / 1000)),
		told_up_to: formatEventId(accountTrail(account.objectName), webhook.position),
		created_at: toTimestamp(webhook.createdAt),
	};
}

/** What each kind of change needs beyond who, when and which. */
type Wanted<Kind = WebhookChange["kind"]> = WebhookChange extends infer One
	? One extends { kind: Kind }
		? Omit<One, "actor" | "now" | "id">
		: never
	: never;

/** @throws ProblemError where the account's object refuses */
async function change(c: Context<AppEnv>, account: AccountId, id: string, wanted: Wanted): Promise<Webhook> {
	const { services, now } = c.env;
	const object = services.objects.account(account.objectName);
	const result = await object.changeWebhook({ ...wanted, id, actor: c.var.subject, now });
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
async function describeWithSecret(c: Context<AppEnv>, account: AccountId, webhook: Webhook) {
	const [newest] = webhook.secrets;
	if (newest === undefined) throw new Error("a webhook without a secret");
	const { kid, generation } = newest;
	const ref = { kid, generation, account: account.objectName, webhook: webhook.id };
	const secret = await webhookSecret(c.env.services.macKeyring, ref);
	if (secret === null) throw new Error("the present key is not in its ring");
	return { ...describe(account, webhook), secret: formatWebhookSecret(secret) };
}

export const webhooks = createRouter()
	.openapi(create, async (c) => {
		const { config, macKeyring } = c.env.services;
		const account = await readAccount(c.env, c.req.valid("param").account);
		const { url, types = [] } = c.req.valid("json");
		const verdict = acceptsWebhookUrl(url, { ownOrigin: config.issuer, allowLoopback: config.isLocal });
		if (!verdict.ok) {
			const message = WEBHOOK_URL_REFUSALS[verdict.reason];
			throw new ProblemError("invalid_request", {
				detail: `the URL ${message}`,
				extras: { errors: [{ field: "url", message }] },
			});
		}
		const made = await change(c, account, mintWebhookId(randomBytes()), {
			kind: "create",
			url: verdict.url.href,
			types: [...new Set(types)],
			kid: macKeyring.current.kid,
		});
		return c.json(await describeWithSecret(c, account, made), 201);
	})
	.openapi(list, async (c) => {
		const account = await readAccount(c.env, c.req.valid("param").account);
		const found = await c.env.services.objects.account(account.objectName).listWebhooks();
		if (found === null) throw new ProblemError("not_found");
		return c.json({ webhooks: found.map((webhook) => describe(account, webhook)) }, 200);
	})
	.openapi(remove, async (c) => {
		const { account: text, webhook } = c.req.valid("param");
		await change(c, await readAccount(c.env, text), webhook, { kind: "delete" });
		return c.body(null, 204);
	})
	.openapi(rotate, async (c) => {
		const { account: text, webhook } = c.req.valid("param");
		const account = await readAccount(c.env, text);
		const { kid } = c.env.services.macKeyring.current;
		return c.json(
			await describeWithSecret(c, account, await change(c, account, webhook, { kind: "rotate", kid })),
			200,
		);
	})
	.openapi(enable, async (c) => {
		const { account: text, webhook } = c.req.valid("param");
		const account = await readAccount(c.env, text);
		const skipMissed = c.req.valid("json").skip_missed ?? false;
		return c.json(describe(account, await change(c, account, webhook, { kind: "enable", skipMissed })), 200);
	})
	.openapi(test, async (c) => {
		const { account: text, webhook } = c.req.valid("param");
		const account = await readAccount(c.env, text);
		return c.json(describe(account, await change(c, account, webhook, { kind: "test" })), 200);
	});
