// The customer's own say about the updates of the account's devices: windows, freezes, minimum age, pins and holds.
import { createRoute } from "@hono/zod-openapi";
import type { PolicyResult } from "../../../objects/account/policy/policy-desk.ts";
import { ProblemError } from "../../../problem.ts";
import { accountPath, accountRefusals, changeRefusals, openAccount } from "../../http/account-in-path.ts";
import { accountAccess, accountReadAccess } from "../../http/key-access.ts";
import { requireProducts } from "../../http/known-names.ts";
import { createRouter, jsonAnswer, jsonBody } from "../../http/openapi.ts";
import { describePolicy, newPolicy, policyBody, readRules, settledPolicyBody } from "./policy-body.ts";

const path = "/v1/accounts/{account}/policy";

const read = createRoute({
	...accountReadAccess,
	method: "get",
	path,
	operationId: "getPolicy",
	tags: ["Operator"],
	summary: "What the customer says of the devices' updates",
	request: { params: accountPath },
	responses: { 200: jsonAnswer(policyBody, "Its rules"), ...accountRefusals },
});
const replace = createRoute({
	...accountAccess,
	method: "put",
	path,
	operationId: "replacePolicy",
	tags: ["Operator"],
	summary: "Say when devices may install releases, and which",
	description:
		"All rules at once. They compose with the license's delay and the release's rollout: the later of all counts. None of them takes away what is installed. A change that is about single devices has these get new tokens, any other all devices of the account. An account's policy is changed 20 times at once, and 20 times an hour after that.",
	request: { params: accountPath, body: jsonBody(newPolicy) },
	responses: {
		200: jsonAnswer(settledPolicyBody, "The rules now; `published` is false while a store still waits for the change"),
		...changeRefusals,
	},
});

export const policies = createRouter()
	.openapi(read, async (c) => {
		const { object } = await openAccount(c, c.req.valid("param").account);
		const found = await object.policy();
		if (found === null) throw new ProblemError("not_found");
		return c.json(describePolicy(found), 200);
	})
	.openapi(replace, async (c) => {
		const { object, by } = await openAccount(c, c.req.valid("param").account);
		const { rules, replaces = null } = c.req.valid("json");
		const pinned = rules.flatMap(({ pins = {} }) => Object.keys(pins).filter((product) => pins[product] !== null));
		await requireProducts(c.env, "pins", [...new Set(pinned)]);
		const result = await object.changePolicy({ ...by, rules: readRules(rules), replaces });
		if (!result.ok) throw refusal(result);
		return c.json({ ...describePolicy(result.policy), published: result.published, changed: result.changed }, 200);
	});

function refusal(
	result: (PolicyResult & { ok: false }) | { readonly ok: false; readonly reason: "unknown_account" },
): ProblemError {
	switch (result.reason) {
		// One answer, so that which accounts there are is not to be told from it.
		case "unknown_account":
		case "unknown_device":
			return new ProblemError("not_found", { detail: "the account has no such device" });
		case "changed_meanwhile":
			return new ProblemError("conflict", {
				detail: `the policy is at version ${result.version} by now: read it again, and make your change there`,
			});
		case "too_often": {
			const detail = "this account's policy is changed too often: say all changes in one";
			return new ProblemError("rate_limited", { detail, headers: { "retry-after": String(result.retryAfter) } });
		}
	}
}
