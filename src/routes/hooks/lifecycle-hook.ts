// The hook for any cloud: told of an instance's launch it answers with an auth code, told of its end it frees the seats.
// The same event may come any number of times, in any order.
import { createRoute, z } from "@hono/zod-openapi";
import { instanceName } from "../../names.ts";
import { openAccount } from "../http/account-in-path.ts";
import { lifecycleAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toSeconds, toTimestamp } from "../http/openapi.ts";
import { hookQuery, launchInstance, requireLicense, terminateInstance } from "./instance-events.ts";

const at = timestamp.optional().openapi({ description: "When it happened; now, if left out. The newest event counts" });
const token = z
	.string()
	.regex(/^[!-~]{1,128}$/, "a token is 1 to 128 printable characters without spaces")
	.openapi({ description: "Names this launch: the same token brings the same code", example: "launch-7f3a" });

const launchEvent = z
	.strictObject({ event: z.literal("launch"), instance: instanceName, token, at })
	.openapi("LaunchEvent");
const terminateEvent = z
	.strictObject({ event: z.literal("terminate"), instance: instanceName, at })
	.openapi("TerminateEvent");

const launched = z
	.object({
		event: z.literal("launch"),
		instance: z.string(),
		state: z.enum(["open", "used", "revoked", "over"]).openapi({
			description:
				"open: here is the code. over: the instance was terminated or launched again since, or the launch is too old",
		}),
		code: z.string().nullable(),
		code_id: z.string().nullable(),
		expires_at: timestamp.nullable(),
	})
	.openapi("Launched");
const terminated = z
	.object({
		event: z.literal("terminate"),
		instance: z.string(),
		deactivated: z.array(z.string()).openapi({ description: "Ids of the devices that gave up their seats now" }),
		revoked_codes: z.array(z.string()).openapi({ description: "Ids of the codes that were revoked now" }),
	})
	.openapi("Terminated");

const tell = createRoute({
	method: "post",
	path: "/v1/hooks/lifecycle",
	operationId: "tellLifecycle",
	tags: ["Hook"],
	summary: "Tell of an instance's launch (its code is answered) or its end (its seats are freed)",
	...lifecycleAccess,
	request: { query: hookQuery, body: jsonBody(z.discriminatedUnion("event", [launchEvent, terminateEvent])) },
	responses: {
		200: jsonAnswer(z.union([launched, terminated]), "Done, now or before"),
		...problems(
			...(["unauthenticated", "insufficient_scope", "invalid_request", "invalid_identifier"] as const),
			...(["not_found", "rate_limited", "unavailable"] as const),
		),
	},
});

export const lifecycleHook = createRouter().openapi(tell, async (c) => {
	const { account: text, license } = c.req.valid("query");
	const account = await openAccount(c, text);
	const news = c.req.valid("json");
	const { instance } = news;
	const moment = { instance, at: news.at === undefined ? c.env.now : toSeconds(news.at) };
	if (news.event === "terminate") {
		const { deactivated, revokedCodes } = await terminateInstance(c.env, account, moment);
		return c.json(
			{ event: news.event, instance, deactivated: [...deactivated], revoked_codes: [...revokedCodes] },
			200,
		);
	}
	const launched = { ...moment, token: news.token, license: requireLicense(license) };
	const launch = await launchInstance(c.env, account, launched);
	if (launch.state !== "open") {
		return c.json(
			{ event: news.event, instance, state: launch.state, code: null, code_id: null, expires_at: null },
			200,
		);
	}
	const { state, code, id: code_id, expiresAt } = launch;
	return c.json({ event: news.event, instance, state, code, code_id, expires_at: toTimestamp(expiresAt) }, 200);
});
