// The operator plane of the message of the day: put up, listed, taken down. Devices read it in device/messages.ts.
import { createRoute, z } from "@hono/zod-openapi";
import { audience } from "../../../content/audience.ts";
import { message, severity } from "../../../content/messages/message.ts";
import { fractionOf, MAX_WAVES, messageFraction } from "../../../content/messages/message-waves.ts";
import { ID_RANDOM_BYTES, isMessageId, mintMessageId } from "../../../entitlement/ids.ts";
import { ProblemError } from "../../../problem.ts";
import { changeBy } from "../../http/app-env.ts";
import { operatorAccess, readAccess } from "../../http/key-access.ts";
import { requireAccountIds, requireProducts } from "../../http/known-names.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toSeconds, toTimestamp } from "../../http/openapi.ts";
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
		fraction: messageFraction.optional().openapi({
			description: "Of the audience, by the buckets of rollouts with the message's id as salt. Everybody, if left out",
		}),
	})
	.openapi("NewMessage");
const storedMessage = shownMessage
	.extend({
		locales: message.shape.locales,
		audience,
		fraction: z.number().openapi({ description: "Of the audience, that it is shown to" }),
	})
	.openapi("StoredMessage");

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

const messagePath = z.object({ message: z.string().refine(isMessageId, "not a message id") });

const raise = createRoute({
	method: "patch",
	path: "/v1/messages/{message}",
	operationId: "raiseMessage",
	tags: ["Operator"],
	summary: "Show a message to more",
	description:
		"A fraction only grows: who has the message keeps it and does not see it again, who comes in now has it as unread. To take it back, take it down.",
	...operatorAccess,
	request: {
		params: messagePath,
		body: jsonBody(z.strictObject({ fraction: messageFraction }).openapi("MessageRaise")),
	},
	responses: {
		200: jsonAnswer(
			storedMessage.extend({ changed: z.boolean(), published: z.boolean() }),
			"Shown to so many; `changed` is false where it was before",
		),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"conflict",
		),
	},
});

const remove = createRoute({
	method: "delete",
	path: "/v1/messages/{message}",
	operationId: "removeMessage",
	tags: ["Operator"],
	summary: "Take a message down",
	...operatorAccess,
	request: { params: messagePath },
	responses: {
		204: { description: "Taken down" },
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

type StoredMessage = z.infer<typeof message>;

function describe(stored: StoredMessage) {
	return {
		id: stored.id,
		sequence: stored.waves.at(-1)?.sequence ?? 0,
		severity: stored.severity,
		title: stored.title,
		body: stored.body,
		starts_at: toTimestamp(stored.startsAt),
		ends_at: toTimestamp(stored.endsAt),
		locales: stored.locales,
		audience: stored.audience,
		fraction: fractionOf(stored.waves),
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
			...(wanted.fraction !== undefined && { fraction: wanted.fraction }),
		});
		if (!result.ok) throw new ProblemError("already_exists");
		return c.json({ ...describe(result.message), published: result.published }, 201);
	})
	.openapi(list, async (c) => {
		const stored = await c.env.services.objects.directory().listMessages(c.env.now);
		return c.json({ messages: stored.map(describe) }, 200);
	})
	.openapi(raise, async (c) => {
		const id = c.req.valid("param").message;
		const { fraction } = c.req.valid("json");
		const result = await c.env.services.objects.directory().raiseMessage({ ...changeBy(c), id, fraction });
		if (result.ok) {
			const { message: raised, changed, published } = result;
			return c.json({ ...describe(raised), changed, published }, 200);
		}
		if (result.reason === "unknown_message" || result.reason === "id_taken") throw new ProblemError("not_found");
		const why =
			result.reason === "shrinks"
				? "a fraction only grows; take the message down to take it back"
				: `it has grown ${MAX_WAVES - 1} times: the next fraction is 1`;
		throw new ProblemError("conflict", { detail: `it is shown to a fraction of ${result.fraction}: ${why}` });
	})
	.openapi(remove, async (c) => {
		const id = c.req.valid("param").message;
		const { removed } = await c.env.services.objects.directory().removeMessage({ ...changeBy(c), id });
		if (!removed) throw new ProblemError("not_found");
		return c.body(null, 204);
	});
