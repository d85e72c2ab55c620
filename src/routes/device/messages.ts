// Message of the day: devices read what is for them. Operators write it in operator/messages/messages.ts.
import { createRoute, z } from "@hono/zod-openapi";
import { localeTag } from "../../content/messages/message.ts";
import { localizedText, selectMessages } from "../../content/messages/select-messages.ts";
import { bucketsOf } from "../../content/releases/rollout-place.ts";
import { versionName } from "../../names.ts";
import { requireDevice } from "../http/authenticate.ts";
import { namesEtag } from "../http/etag-conditions.ts";
import { createRouter, degradedMarks, jsonAnswer, markDegraded, problems, toTimestamp } from "../http/openapi.ts";
import { shownMessage } from "../operator/messages/message-body.ts";
import { passOnFetched } from "./words/fetched-word.ts";

const readBody = z.object({ messages: z.array(shownMessage), last: z.int(), ...degradedMarks }).openapi("Messages");

const read = createRoute({
	method: "get",
	path: "/v1/messages",
	operationId: "readMessages",
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

export const messages = createRouter().openapi(read, async (c) => {
	const scope = c.env;
	const { records } = scope.services;
	const { caller } = c.var;
	const { locale, engine } = c.req.valid("query");
	const live = await records.messages(caller.view, scope);
	const circumstances = { engine: engine ?? null, country: scope.country };
	const buckets = await bucketsOf([], caller.profile, live.messages);
	const selected = selectMessages(live.messages, caller.profile, circumstances, buckets, scope.now).messages;
	passOnFetched(scope, caller.profile.id, selected);
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
	const etag = `W/"${selected.map(({ sequence }) => sequence.toString(36)).join(".")}-${locale ?? ""}"`;
	const headers = { etag, "cache-control": "private, no-cache" };
	if (namesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
	return c.json(body, 200, headers);
});
