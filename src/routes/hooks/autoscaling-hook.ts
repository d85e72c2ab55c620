// The hook for EC2 Auto Scaling: takes the events of lifecycle hooks as EventBridge delivers them. A launching instance finds
// its auth code in Parameter Store, a terminating one gives up its seats; then AWS is told to go on. EventBridge sends again
// an event answered with 401, 407, 409, 429 or 5xx, so a fault that only a person can mend is answered with another status.
import { createRoute, z } from "@hono/zod-openapi";
import { autoscalingEvent, type InstanceNews, readAutoscalingEvent } from "../../aws/autoscaling-event.ts";
import type { CloudOutcome, InstanceCloud } from "../../aws/instance-cloud.ts";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";
import { type OpenAccount, openAccount } from "../http/account-in-path.ts";
import { lifecycleAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems } from "../http/openapi.ts";
import { hookQuery, launchInstance, requireLicense, terminateInstance } from "./instance-events.ts";

const answer = z
	.object({
		event: z.enum(["launch", "terminate"]),
		instance: z.string(),
		completed: z.boolean().openapi({ description: "Whether AWS was told to go on; false without AWS credentials" }),
		state: z.enum(["open", "used", "revoked", "over"]).optional().openapi({
			description: "Of a launch's code. open: the instance can read it. over: something newer is known of the instance",
		}),
		deactivated: z
			.array(z.string())
			.optional()
			.openapi({ description: "Ids of the devices that gave up their seats now" }),
		note: z.string().optional(),
	})
	.openapi("AutoscalingAnswer");

const tell = createRoute({
	method: "post",
	path: "/v1/hooks/aws/autoscaling",
	operationId: "tellAutoscaling",
	tags: ["Hook"],
	summary: "Take an EC2 Auto Scaling lifecycle event from EventBridge",
	description: "The event as it is, through an API destination (infra/aws-autoscaling).",
	...lifecycleAccess,
	request: { query: hookQuery, body: jsonBody(autoscalingEvent.openapi("AutoscalingEvent")) },
	responses: {
		200: jsonAnswer(answer, "Done, now or before"),
		...problems(
			...(["unauthenticated", "insufficient_scope", "invalid_request", "invalid_identifier", "not_found"] as const),
			...(["aws_not_configured", "aws_refused", "rate_limited", "unavailable"] as const),
		),
	},
});

export const autoscalingHook = createRouter().openapi(tell, async (c) => {
	const scope = c.env;
	const query = c.req.valid("query");
	const news = readAutoscalingEvent(c.req.valid("json"));
	const account = await openAccount(c, query.account);
	const { instance } = news.action;
	const cloud = scope.services.openInstanceCloud(account.id, news.region, scope.now);
	const moment = { instance, at: news.at };
	if (news.kind === "terminate") return c.json(await terminate(scope, account, cloud, news), 200);
	// A code that nobody can read would only be one more that is open.
	if (cloud === null) throw notConfigured(scope, account.id);
	const license = requireLicense(query.license);
	const launch = await launchInstance(scope, account, { ...moment, token: news.action.token, license });
	if (launch.state === "open") requireDone(scope, [await cloud.putCode(instance, launch.code)]);
	requireDone(scope, [await cloud.complete(news.action)]);
	return c.json({ event: news.kind, instance, completed: true, state: launch.state }, 200);
});

async function terminate(scope: RequestScope, account: OpenAccount, cloud: InstanceCloud | null, news: InstanceNews) {
	const { instance } = news.action;
	const { isNews, deactivated } = await terminateInstance(scope, account, { instance, at: news.at });
	const done = { event: news.kind, instance, deactivated: [...deactivated] };
	if (cloud === null) {
		const note =
			"the seats are free; AWS waits for the hook's timeout, as there are no AWS credentials for the account";
		return { ...done, completed: false, note };
	}
	// Of an instance that was launched again since, the code is another one, and stays. Neither call waits for the other:
	// that a parameter cannot be deleted must not keep an instance from ending.
	const calls = [cloud.complete(news.action), ...(isNews ? [cloud.deleteCode(instance)] : [])];
	requireDone(scope, await Promise.all(calls));
	return { ...done, completed: true };
}

/** Seconds; EventBridge waits at least as long. Lifecycle actions wait for an hour, so there is time. */
const RETRY_AFTER_SECONDS = 20;

/** @throws ProblemError for the first call that may succeed later, else for the first that AWS refused */
function requireDone({ event }: RequestScope, outcomes: readonly CloudOutcome[]): void {
	const failed = outcomes.flatMap((one) => (one.ok ? [] : [one]));
	const first = failed.find(({ reason }) => reason === "unavailable") ?? failed[0];
	if (first === undefined) return;
	event.reason = `${first.action} ${first.error}`;
	if (first.reason === "refused") {
		throw new ProblemError("aws_refused", { extras: { aws_action: first.action, aws_error: first.error } });
	}
	throw new ProblemError("unavailable", { headers: { "retry-after": String(RETRY_AFTER_SECONDS) } });
}

function notConfigured({ event }: RequestScope, account: string): ProblemError {
	event.reason = "aws_not_configured";
	return new ProblemError("aws_not_configured", {
		detail: `AWS_CREDENTIALS has no key for ${account}, so no instance could read a code; none was made`,
	});
}
