// The operator plane of the message of the day: put up, listed, taken down. Devices read it in device/messages.ts.
import { createRoute, z } from "@hono/zod-openapi";
import { audience } from "../../content/audience.ts";
import { message, severity } from "../../content/message.ts";
import { ID_RANDOM_BYTES, isMessageId, mintMessageId } from "../../entitlement/ids.ts";
import { ProblemError } from "../../problem.ts";
import { changeBy } from "../http/app-env.ts";
import { operatorAccess, readAccess } from "../http/key-access.ts";
import { requireAccountIds, requireProducts } from "../http/known-names.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toSeconds, toTimestamp } from "../http/openapi.ts";
import { shownMessage } from "./message-body.ts";

const newMessage = z
	.strictObject({
		severity,
		title: message.shape.title,
		body: message.shape.body,
		starts_at: timestamp.optional().openapi({ description: "Now, if left out" }),
		ends_at: timestamp,
		locales: message.shape.locales.optional(),
		audience: audience.optional(),
	})
	.openapi("NewMessage");
const storedMessage = shownMessage.extend({ locales: message.shape.locales, audience }).openapi("StoredMessage");

const create = createRoute({
	method: "post",
	path: "/v1/messages",
	operationId: "createMessage",
	tags: ["Operator"],
	summary: "Put up a message of the day",
	...operatorAccess,
	request: { body: jsonBody(newMessage) },
	responses: {
		201: jsonAnswer(storedMessage.extend({ published: z.boolean() }), "Put up"),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited"),
	},
});

const list = createRoute({
	method: "get",
	path: "/v1/messages/all",
	operationId: "listMessages",
	tags: ["Operator"],
	summary: "Every message that has not ended",
	...readAccess,
	responses: {
		200: jsonAnswer(z.object({ messages: z.array(storedMessage) }), "Newest first"),
		...problems("unauthenticated", "insufficient_scope"),
	},
});

const remove = createRoute({
	method: "delete",
	path: "/v1/messages/{message}",
	operationId: "removeMessage",
	tags: ["Operator"],
	summary: "Take a message down",
	...operatorAccess,
	request: { params: z.object({ message: z.string().refine(isMessageId, "not a message id") }) },
	responses: {
		204: { description: "Taken down" },
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

type StoredMessage = z.infer<typeof message>;

function describe(stored: StoredMessage) {
	return {
		id: stored.id,
		sequence: stored.sequence,
		severity: stored.severity,
		title: stored.title,
		body: stored.body,
		starts_at: toTimestamp(stored.startsAt),
		ends_at: toTimestamp(stored.endsAt),
		locales: stored.locales,
		audience: stored.audience,
	};
}

export const operatorMessages = createRouter()
	.openapi(create, async (c) => {
		const scope = c.env;
		const wanted = c.req.valid("json");
		const startsAt = wanted.starts_at === undefined ? scope.now : toSeconds(wanted.starts_at);
		const endsAt = toSeconds(wanted.ends_at);
		if (endsAt <= Math.max(startsAt, scope.now)) {
			throw new ProblemError("invalid_request", { detail: "ends_at must be in the future and after starts_at" });
		}
		await requireAccountIds(scope, "audience.accounts", wanted.audience?.accounts);
		await requireProducts(scope, "audience.products", wanted.audience?.products);
		const result = await scope.services.objects.directory().createMessage({
			...changeBy(c),
			message: {
				id: mintMessageId(crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES))),
				severity: wanted.severity,
				title: wanted.title,
				body: wanted.body,
				locales: wanted.locales ?? {},
				startsAt,
				endsAt,
				audience: wanted.audience ?? {},
			},
		});
		if (!result.ok) throw new ProblemError("already_exists");
		return c.json({ ...describe(result.message), published: result.published }, 201);
	})
	.openapi(list, async (c) => {
		const stored = await c.env.services.objects.directory().listMessages(c.env.now);
		return c.json({ messages: stored.map(describe) }, 200);
	})
	.openapi(remove, async (c) => {
		const id = c.req.valid("param").message;
		const { removed } = await c.env.services.objects.directory().removeMessage({ ...changeBy(c), id });
		if (!removed) throw new ProblemError("not_found");
		return c.body(null, 204);
	});
