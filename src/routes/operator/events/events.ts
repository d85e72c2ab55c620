// Events: the audit trail of an account, of a product, of the deployment; oldest first it can be followed, newest first it is read.
import { createRoute, z } from "@hono/zod-openapi";
import { accountTrail, DIRECTORY_TRAIL, formatEventId, parseEventId, productTrail } from "../../../events/event-id.ts";
import { accountEventType, deploymentEventType, productEventType } from "../../../events/event-type.ts";
import { productName } from "../../../names.ts";
import type { TrailPage, TrailQuery } from "../../../objects/audit.ts";
import { ProblemError } from "../../../problem.ts";
import { accountPath, accountRefusals, openAccount } from "../../http/account-in-path.ts";
import type { KeyHolder } from "../../http/app-env.ts";
import { accountReadAccess, productReadAccess, readAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, problems, timestamp, toTimestamp, wholeNumber } from "../../http/openapi.ts";

const MAX_EVENTS = 500;
const DEFAULT_EVENTS = 100;

const eventBody = z
	.object({
		id: z.string(),
		at: timestamp,
		type: z.string().openapi({ description: "One of docs/events.md", example: "device.suspended" }),
		actor: z.string().openapi({ description: "Subject of an API key, a device, `code:<id>`, or `service`" }),
		subject: z.string().openapi({ description: "Id of what was changed" }),
		detail: z.string(),
		key: z.string().nullable().openapi({
			description:
				"Id of the API key or of the trusted publisher, or `bootstrap`; null where none was used: a device did it, or the service",
		}),
		run: z.string().nullable().openapi({
			description: "Of a trusted publisher: the run of CI, its ref and commit",
			example: "run 1296269 of refs/tags/v4.27.0 at 7fd1a60b01f91b314f59955a4e4d4e80d8edf11d",
		}),
		request_id: z.string().nullable().openapi({ description: "As in the log; null where no API key was used" }),
		address: z.string().nullable().openapi({
			description: "IP address of whoever used the key; only for keys of scope `operate` or `read`",
		}),
	})
	.openapi("Event");
const eventsBody = z
	.object({
		events: z.array(eventBody),
		next: z.string().openapi({ description: "`after` of the next request" }),
		more: z
			.boolean()
			.openapi({ description: "Whether there is more already; a page may be short, or empty, and have more" }),
	})
	.openapi("Events");
const eventsQuery = z.object({
	after: z
		.string()
		.max(64)
		.optional()
		.openapi({ description: "Id of the last event seen, or `next`; from the first of the order if left out" }),
	order: z.enum(["oldest", "newest"]).optional().openapi({
		description:
			"Which come first: `oldest` if left out. `newest` begins with the newest and goes back; `after` is an event or `next` of the same order",
	}),
	limit: wholeNumber(1, MAX_EVENTS).optional().openapi({ description: "1 to 500; 100 if left out" }),
});

/** @param type which names this trail's events have */
function queryOf(type: typeof accountEventType) {
	return eventsQuery.extend({
		type: type
			.optional()
			.openapi({ description: "A type of docs/events.md, or the beginning of one: `device` is all of `device.…`" }),
	});
}

const refusals = problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited");
const page = jsonAnswer(
	eventsBody,
	"In the order that was asked for. To follow the trail, ask again from `next`, oldest first",
);

const ofAccount = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/events",
	operationId: "listAccountEvents",
	tags: ["Operator"],
	summary: "What happened in an account",
	...accountReadAccess,
	request: {
		params: accountPath,
		query: queryOf(accountEventType).extend({
			device: z.string().max(64).optional().openapi({
				description: "Only what is about this device, and about those whose place it took",
			}),
		}),
	},
	responses: { 200: page, ...accountRefusals },
});
const ofProduct = createRoute({
	method: "get",
	path: "/v1/products/{product}/events",
	operationId: "listProductEvents",
	tags: ["Publisher"],
	summary: "What happened to a product",
	...productReadAccess,
	request: { params: z.object({ product: productName }), query: queryOf(productEventType) },
	responses: { 200: page, ...refusals, ...problems("invalid_identifier", "not_found") },
});
const ofDeployment = createRoute({
	method: "get",
	path: "/v1/events",
	operationId: "listDeploymentEvents",
	tags: ["Operator"],
	summary: "What happened to the deployment: accounts, products, messages, API keys",
	...readAccess,
	request: { query: queryOf(deploymentEventType) },
	responses: { 200: page, ...refusals },
});

function readQuery(
	trail: string,
	{ after, limit, type, order = "oldest" }: z.infer<ReturnType<typeof queryOf>>,
): TrailQuery {
	const place = after === undefined ? 0 : parseEventId(trail, after);
	if (place === null) throw new ProblemError("invalid_request", { detail: "after is no event of this trail" });
	return { after: place, order, limit: limit ?? DEFAULT_EVENTS, types: type === undefined ? [] : [type] };
}

/** @param holder a customer is not told from which addresses the deployment is run */
function describePage(trail: string, found: TrailPage | null, { scopes }: KeyHolder): z.infer<typeof eventsBody> {
	if (found === null) throw new ProblemError("not_found");
	const seesAddresses = scopes.includes("operate") || scopes.includes("read");
	return {
		events: found.entries.map(({ seq, at, action, actor, subject, detail, via }) => ({
			id: formatEventId(trail, seq),
			at: toTimestamp(at),
			type: action,
			actor,
			subject,
			detail,
			key: via?.key ?? null,
			run: via?.run ?? null,
			request_id: via?.requestId ?? null,
			address: (seesAddresses ? via?.address : undefined) ?? null,
		})),
		next: formatEventId(trail, found.next),
		more: found.more,
	};
}

export const events = createRouter()
	.openapi(ofAccount, async (c) => {
		const { objectName, object } = await openAccount(c, c.req.valid("param").account);
		const trail = accountTrail(objectName);
		const { device, ...asked } = c.req.valid("query");
		const found = await object.events(readQuery(trail, asked), device);
		return c.json(describePage(trail, found, c.var.holder), 200);
	})
	.openapi(ofProduct, async (c) => {
		const { product } = c.req.valid("param");
		c.env.event.product = product;
		const trail = productTrail(product);
		const query = readQuery(trail, c.req.valid("query"));
		return c.json(describePage(trail, await c.env.services.objects.product(product).events(query), c.var.holder), 200);
	})
	.openapi(ofDeployment, async (c) => {
		const query = readQuery(DIRECTORY_TRAIL, c.req.valid("query"));
		return c.json(
			describePage(DIRECTORY_TRAIL, await c.env.services.objects.directory().events(query), c.var.holder),
			200,
		);
	});
