// Message of the day, both sides: devices read what is for them, operators write.
import { createRoute, z } from "@hono/zod-openapi";
import { audience } from "../../content/audience.ts";
import { localeTag, message, severity } from "../../content/message.ts";
import { localizedText, selectMessages } from "../../content/select-messages.ts";
import { ID_RANDOM_BYTES, isMessageId, mintMessageId } from "../../entitlement/ids.ts";
import { versionName } from "../../names.ts";
import { ProblemError } from "../../problem.ts";
import { changeBy } from "../http/app-env.ts";
import { operatorAccess, requireDevice } from "../http/authenticate.ts";
import { namesEtag } from "../http/if-none-match.ts";
import {
	createRouter,
	degradedMarks,
	jsonAnswer,
	jsonBody,
	markDegraded,
	problems,
	timestamp,
	toSeconds,
	toTimestamp,
} from "../http/openapi.ts";

const shownMessage = z.object({
	id: z.string(),
	sequence: z.int(),
	severity,
	title: z.string(),
	body: z.string(),
	starts_at: timestamp,
	ends_at: timestamp,
});
const readBody = z.object({ messages: z.array(shownMessage), last: z.int(), ...degradedMarks }).openapi("Messages");

const read = createRoute({
	method: "get",
	path: "/v1/messages",
	tags: ["Device"],
	summary: "Messages of the day for this firewall, newest first",
	security: [{ accessToken: [] }],
	middleware: requireDevice,
	request: { query: z.object({ locale: localeTag.optional(), engine: versionName.optional() }) },
	responses: {
		200: jsonAnswer(readBody, "The messages, and the highest sequence among them for `seen` of the next check"),
		304: { description: "The same messages as under that ETag" },
		...problems("unauthenticated", "device_refused", "invalid_request"),
	},
});

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
	tags: ["Operator"],
	summary: "Every message that has not ended",
	...operatorAccess,
	responses: {
		200: jsonAnswer(z.object({ messages: z.array(storedMessage) }), "Newest first"),
		...problems("unauthenticated", "insufficient_scope"),
	},
});

const remove = createRoute({
	method: "delete",
	path: "/v1/messages/{message}",
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

export const messages = createRouter()
	.openapi(read, async (c) => {
		const scope = c.env;
		const { records } = scope.services;
		const { caller } = c.var;
		const { locale, engine } = c.req.valid("query");
		const live = await records.messages(caller.view, scope);
		const circumstances = { engine: engine ?? null, country: scope.country };
		const selected = selectMessages(live.messages, caller.profile, circumstances, scope.now).messages;
		const body = {
			messages: selected.map((stored) => ({
				id: stored.id,
				sequence: stored.sequence,
				severity: stored.severity,
				...localizedText(stored, locale ?? null),
				starts_at: toTimestamp(stored.startsAt),
				ends_at: toTimestamp(stored.endsAt),
			})),
			last: selected[0]?.sequence ?? 0,
		};
		const degradedAsOf = scope.degradedAsOf();
		// Without an ETag, or a 304 to it would keep the word "degraded" alive.
		if (degradedAsOf !== null) return c.json({ ...body, ...markDegraded(degradedAsOf) }, 200);
		// A message never changes under its sequence, so these and the language name the answer.
		const etag = `"${selected.map(({ sequence }) => sequence.toString(36)).join(".")}-${locale ?? ""}"`;
		const headers = { etag, "cache-control": "private, no-cache" };
		if (namesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
		return c.json(body, 200, headers);
	})
	.openapi(create, async (c) => {
		const scope = c.env;
		const wanted = c.req.valid("json");
		const startsAt = wanted.starts_at === undefined ? scope.now : toSeconds(wanted.starts_at);
		const endsAt = toSeconds(wanted.ends_at);
		if (endsAt <= Math.max(startsAt, scope.now)) {
			throw new ProblemError("invalid_request", { detail: "ends_at must be in the future and after starts_at" });
		}
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
