// Webhook endpoints of an account, a product and the deployment: where they are, how they are doing, and their secrets, each
// shown once. The six routes are the same for all three.
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { isWebhookId, mintWebhookId } from "../../../entitlement/ids.ts";
import { accountTrail, DIRECTORY_TRAIL, productTrail } from "../../../events/event-id.ts";
import {
	accountEventType,
	deploymentEventType,
	MAX_EVENT_TYPES,
	productEventType,
} from "../../../events/event-type.ts";
import { productName } from "../../../names.ts";
import type { Change } from "../../../objects/audit.ts";
import type { Webhook } from "../../../objects/webhooks/webhook-tables.ts";
import type { WebhookOrder, WebhookResult } from "../../../objects/webhooks/webhooks.ts";
import { ProblemError } from "../../../problem.ts";
import { accountPath, accountRefusals, changeRefusals, openAccount, randomBytes } from "../../http/account-in-path.ts";
import { type AppEnv, changeBy } from "../../http/app-env.ts";
import { accountAccess, accountReadAccess, operatorAccess, readAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody } from "../../http/openapi.ts";
import { readReceiverUrl } from "../../http/receiver-url.ts";
import { describeWebhook, describeWithSecret, secretBody, webhookBody } from "./webhook-body.ts";

/** Whose webhooks a request is about. */
interface OpenOwner {
	/** as in events/event-id.ts */
	readonly trail: string;
	readonly by: Change;
	readonly object: {
		/** @returns null where there is no such owner */
		listWebhooks(): Promise<readonly Webhook[] | null>;
		changeWebhook(order: WebhookOrder): Promise<WebhookResult>;
	};
}

/** A kind of owners, and what differs in its routes. */
interface OwnerKind {
	/** as it stands in the ids of operations */
	readonly name: "Account" | "Product" | "Deployment";
	/** as people call one */
	readonly called: string;
	/** of the list */
	readonly path: string;
	readonly params: z.ZodObject;
	readonly type: typeof accountEventType;
	readonly access: typeof operatorAccess;
	readonly readAccess: typeof operatorAccess;
	/** @param params of the path, in proper form */
	open(c: Context<AppEnv>, params: Readonly<Record<string, unknown>>): Promise<OpenOwner>;
}

const ofAccount: OwnerKind = {
	name: "Account",
	called: "an account",
	path: "/v1/accounts/{account}/webhooks",
	params: accountPath,
	type: accountEventType,
	access: accountAccess,
	readAccess: accountReadAccess,
	async open(c, { account }) {
		const { objectName, object, by } = await openAccount(c, String(account));
		return { trail: accountTrail(objectName), object, by };
	},
};
const ofProduct: OwnerKind = {
	name: "Product",
	called: "a product",
	path: "/v1/products/{product}/webhooks",
	params: z.object({ product: productName }),
	type: productEventType,
	// Publishers' keys are not shown them: a URL often carries a secret of its receiver.
	access: operatorAccess,
	readAccess,
	async open(c, { product }) {
		const name = String(product);
		c.env.event.product = name;
		return { trail: productTrail(name), object: c.env.services.objects.product(name), by: changeBy(c) };
	},
};
const ofDeployment: OwnerKind = {
	name: "Deployment",
	called: "the deployment",
	path: "/v1/webhooks",
	params: z.object({}),
	type: deploymentEventType,
	access: operatorAccess,
	readAccess,
	async open(c) {
		return { trail: DIRECTORY_TRAIL, object: c.env.services.objects.directory(), by: changeBy(c) };
	},
};

/** @throws ProblemError where the object refuses */
function settle(result: WebhookResult): Webhook {
	if (result.ok) return result.webhook;
	switch (result.reason) {
		case "unknown_owner":
		case "unknown_webhook":
			throw new ProblemError("not_found");
		case "id_taken":
			throw new ProblemError("already_exists");
		case "too_many":
			throw new ProblemError("conflict", { detail: "there are 10 webhooks, and no more can be; remove one first" });
		case "disabled":
			throw new ProblemError("conflict", { detail: "the webhook is disabled; enable it first" });
	}
}

function routesOf({ name, called, path, params, type, access, readAccess, open }: OwnerKind) {
	const one = params.extend({ webhook: z.string().refine(isWebhookId, "not the id of a webhook") });
	const tags = { tags: ["Operator"] };
	const create = createRoute({
		method: "post",
		path,
		operationId: `create${name}Webhook`,
		summary: `Have events of ${called} sent to a URL (Standard Webhooks)`,
		...tags,
		...access,
		request: {
			params,
			body: jsonBody(
				z
					.strictObject({
						url: z.string().openapi({ description: "https, with a public name, port 443 or from 1024 on" }),
						types: z.array(type).max(MAX_EVENT_TYPES).optional().openapi({
							description: "Types of docs/events.md, or beginnings of types; every event if left out",
						}),
					})
					.openapi(`New${name}Webhook`),
			),
		},
		responses: { 201: jsonAnswer(secretBody, "Made; it is told of what happens from now on"), ...changeRefusals },
	});
	const list = createRoute({
		method: "get",
		path,
		operationId: `list${name}Webhooks`,
		summary: `Webhooks of ${called}, and how they are doing`,
		...tags,
		...readAccess,
		request: { params },
		responses: { 200: jsonAnswer(z.object({ webhooks: z.array(webhookBody) }), "All of them"), ...accountRefusals },
	});
	const remove = createRoute({
		method: "delete",
		path: `${path}/{webhook}`,
		operationId: `remove${name}Webhook`,
		summary: `Remove a webhook of ${called}`,
		...tags,
		...access,
		request: { params: one },
		responses: { 204: { description: "Removed" }, ...accountRefusals },
	});
	const rotate = createRoute({
		method: "post",
		path: `${path}/{webhook}/rotate`,
		operationId: `rotate${name}WebhookSecret`,
		summary: `Give a webhook of ${called} a new secret; the old one signs beside it for 24 hours`,
		...tags,
		...access,
		request: { params: one },
		responses: { 200: jsonAnswer(secretBody, "The new secret"), ...accountRefusals },
	});
	const enable = createRoute({
		method: "post",
		path: `${path}/{webhook}/enable`,
		operationId: `enable${name}Webhook`,
		summary: `Try a disabled or failing webhook of ${called} again, at once`,
		...tags,
		...access,
		request: {
			params: one,
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
		path: `${path}/{webhook}/test`,
		operationId: `test${name}Webhook`,
		summary: `Send a webhook of ${called} a \`webhook.test\` event, after those that wait, and say how that went`,
		...tags,
		...access,
		request: { params: one },
		responses: { 200: jsonAnswer(webhookBody, "Its state after the attempt, or after 17 s"), ...changeRefusals },
	});

	async function openOne(c: Context<AppEnv>, { webhook, ...owner }: Readonly<Record<string, unknown>>) {
		const { by, ...opened } = await open(c, owner);
		return { ...opened, change: { ...by, id: String(webhook) } };
	}

	return createRouter()
		.openapi(create, async (c) => {
			const { macKeyring } = c.env.services;
			const { trail, object, by } = await open(c, c.req.valid("param"));
			const { url, types = [] } = c.req.valid("json");
			const created = await object.changeWebhook({
				...by,
				kind: "create",
				id: mintWebhookId(randomBytes()),
				url: readReceiverUrl(c.env.services.config, url),
				types: [...new Set(types)],
				kid: macKeyring.current.kid,
			});
			return c.json(await describeWithSecret(macKeyring, trail, settle(created)), 201);
		})
		.openapi(list, async (c) => {
			const { trail, object } = await open(c, c.req.valid("param"));
			const found = await object.listWebhooks();
			if (found === null) throw new ProblemError("not_found");
			return c.json({ webhooks: found.map((webhook) => describeWebhook(trail, webhook)) }, 200);
		})
		.openapi(remove, async (c) => {
			const { object, change } = await openOne(c, c.req.valid("param"));
			settle(await object.changeWebhook({ ...change, kind: "delete" }));
			return c.body(null, 204);
		})
		.openapi(rotate, async (c) => {
			const { macKeyring } = c.env.services;
			const { trail, object, change } = await openOne(c, c.req.valid("param"));
			const rotated = await object.changeWebhook({ ...change, kind: "rotate", kid: macKeyring.current.kid });
			return c.json(await describeWithSecret(macKeyring, trail, settle(rotated)), 200);
		})
		.openapi(enable, async (c) => {
			const { trail, object, change } = await openOne(c, c.req.valid("param"));
			const skipMissed = c.req.valid("json").skip_missed ?? false;
			const enabled = await object.changeWebhook({ ...change, kind: "enable", skipMissed });
			return c.json(describeWebhook(trail, settle(enabled)), 200);
		})
		.openapi(test, async (c) => {
			const { trail, object, change } = await openOne(c, c.req.valid("param"));
			return c.json(describeWebhook(trail, settle(await object.changeWebhook({ ...change, kind: "test" }))), 200);
		});
}

export const webhooks = [ofAccount, ofProduct, ofDeployment].map(routesOf);
