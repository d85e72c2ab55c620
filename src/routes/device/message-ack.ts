// A firewall says that somebody has taken note of a message of the day. It is written down before it is answered: who reads of it
// relies on it. Which devices have: operator/messages/receipts.ts.
import { createRoute, z } from "@hono/zod-openapi";
import { matchesAudience } from "../../content/audience.ts";
import { sequenceFor } from "../../content/messages/message-waves.ts";
import { bucketsOf } from "../../content/releases/rollout-place.ts";
import { accountObjectName, isMessageId } from "../../entitlement/ids.ts";
import { acknowledgedBy } from "../../fleet/message-receipt.ts";
import { ProblemError } from "../../problem.ts";
import { requireDevice } from "../http/authenticate.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toTimestamp } from "../http/openapi.ts";
import { limitRate } from "../http/rate-limit.ts";

const route = createRoute({
	method: "post",
	path: "/v1/messages/{message}/ack",
	operationId: "acknowledgeMessage",
	tags: ["Device"],
	summary: "Say that somebody has taken note of a message",
	description: "The first word counts; again it changes nothing, and is answered with the first.",
	security: [{ accessToken: [] }],
	middleware: requireDevice,
	request: {
		params: z.object({ message: z.string().refine(isMessageId, "not a message id") }),
		body: jsonBody(
			z
				.strictObject({
					by: acknowledgedBy.optional().openapi({ description: "Who, by the firewall's own word" }),
				})
				.openapi("MessageAck"),
		),
	},
	responses: {
		200: jsonAnswer(
			z.object({ message: z.string(), acknowledged_at: timestamp, acknowledged_by: z.string().nullable() }),
			"Taken down",
		),
		...problems(
			"unauthenticated",
			"device_refused",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"rate_limited",
		),
	},
});

export const messageAck = createRouter().openapi(route, async (c) => {
	const scope = c.env;
	const { records, limits, objects } = scope.services;
	const { view, profile } = c.var.caller;
	const { message: id } = c.req.valid("param");
	await limitRate(limits.token, `acknowledges ${profile.id}`);
	const { messages } = await records.messages(view, scope);
	const found = messages.find((message) => message.id === id && scope.now < message.endsAt);
	if (found === undefined || scope.now < found.startsAt) throw new ProblemError("not_found");
	// The device may have another engine, or be elsewhere, than when it fetched the message.
	const { engine: _engine, countries: _countries, ...fixed } = found.audience;
	const bucket = (await bucketsOf([], profile, [found])).get(id);
	const isMeant = matchesAudience(fixed, profile, { engine: null, country: null });
	if (!isMeant || sequenceFor(found.waves, bucket) === null) throw new ProblemError("not_found");
	const receipt = await objects.account(accountObjectName(profile.id)).acknowledgeMessage({
		...{ device: profile.id, message: id, endsAt: found.endsAt, now: scope.now },
		by: c.req.valid("json").by ?? null,
	});
	if (receipt === null) throw new ProblemError("device_refused");
	const { ackedAt, ackedBy } = receipt;
	return c.json({ message: id, acknowledged_at: toTimestamp(ackedAt ?? scope.now), acknowledged_by: ackedBy }, 200);
});
