// Single rules that devices leave out, whatever release they run. One person disables them, at once, and takes that back.
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { MAX_DISABLED_RULES, maySetRules, ruleId } from "../../content/releases/disabled-rules.ts";
import { productName } from "../../names.ts";
import type { DisabledRule } from "../../objects/product/releases/disabled-rules.ts";
import { plainText } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import type { AppEnv, KeyHolder } from "../http/app-env.ts";
import { productReadAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toTimestamp } from "../http/openapi.ts";
import { changeOnce, releaseOnceAccess } from "./ask-once.ts";

const ruleBody = z
	.object({ rule: z.string(), reason: z.string(), by: z.string(), at: timestamp })
	.openapi("DisabledRule");
const changedBody = z
	.object({
		rules: z.array(ruleBody),
		changed: z.boolean().openapi({ description: "`false`: it had been so before" }),
		published: z.boolean().openapi({ description: "`false`: a store still waits for it" }),
	})
	.openapi("ChangedRules");

const rulesChange = z
	.strictObject({ rules: z.array(ruleId).min(1).max(MAX_DISABLED_RULES), reason: plainText(500).min(1) })
	.openapi("RulesChange");
const request = { params: z.object({ product: productName }), body: jsonBody(rulesChange) };
const refusals = problems(
	"unauthenticated",
	"insufficient_scope",
	"invalid_identifier",
	"invalid_request",
	"not_found",
	"conflict",
);

const list = createRoute({
	method: "get",
	path: "/v1/products/{product}/disabled-rules",
	operationId: "listDisabledRules",
	tags: ["Publisher"],
	summary: "Rules of the product's content that devices leave out",
	...productReadAccess,
	request: { params: request.params },
	responses: {
		200: jsonAnswer(z.object({ rules: z.array(ruleBody) }), "All of them, by their ids"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

const disable = createRoute({
	method: "post",
	path: "/v1/products/{product}/disabled-rules/disable",
	operationId: "disableRules",
	tags: ["Publisher"],
	summary: "Have every device leave out some rules, from its next check on",
	description: `Whatever release it runs, and also where there is no newer one. ${MAX_DISABLED_RULES} rules of a product at most. Where a team owns the product, a key of that team or of scope \`operate\`.`,
	...releaseOnceAccess,
	request,
	responses: { 200: jsonAnswer(changedBody, "The rules that are disabled now"), ...refusals },
});

const enable = createRoute({
	method: "post",
	path: "/v1/products/{product}/disabled-rules/enable",
	operationId: "enableRules",
	tags: ["Publisher"],
	summary: "Have devices use disabled rules again, from their next check on",
	description: "Where a team owns the product, a key of that team or of scope `operate`.",
	...releaseOnceAccess,
	request,
	responses: { 200: jsonAnswer(changedBody, "The rules that are disabled now"), ...refusals },
});

function describeRule({ rule, reason, by, at }: DisabledRule): z.infer<typeof ruleBody> {
	return { rule, reason, by, at: toTimestamp(at) };
}

/** @throws ProblemError `conflict` where another team owns the product */
function requireTeam(team: string | null, { team: own, scopes }: KeyHolder): void {
	if (maySetRules(team, { team: own, isOperator: scopes.includes("operate") })) return;
	throw new ProblemError("conflict", { detail: `the product is team ${team}'s, and your key does not speak for it` });
}

async function setRules(
	c: Context<AppEnv>,
	what: "disable" | "enable",
	{ product }: z.infer<typeof request.params>,
	wanted: z.infer<typeof rulesChange>,
): Promise<z.infer<typeof changedBody>> {
	c.env.event.product = product;
	const object = c.env.services.objects.product(product);
	const info = await object.info();
	if (info === null) throw new ProblemError("not_found");
	requireTeam(info.team, c.var.holder);
	const result = await object.setRules(what, { ...changeOnce(c), ...wanted });
	if (result.ok) {
		const { changed, published, rules } = result;
		return { changed, published, rules: rules.map(describeRule) };
	}
	if (result.reason === "unknown_product") throw new ProblemError("not_found");
	const detail = `${result.count} rules would be disabled, and ${MAX_DISABLED_RULES} can be: enable some, or withdraw the release`;
	throw new ProblemError("conflict", { detail });
}

export const disabledRules = createRouter()
	.openapi(list, async (c) => {
		const { product } = c.req.valid("param");
		c.env.event.product = product;
		const rules = await c.env.services.objects.product(product).disabledRules();
		if (rules === null) throw new ProblemError("not_found");
		return c.json({ rules: rules.map(describeRule) }, 200);
	})
	.openapi(disable, async (c) => c.json(await setRules(c, "disable", c.req.valid("param"), c.req.valid("json")), 200))
	.openapi(enable, async (c) => c.json(await setRules(c, "enable", c.req.valid("param"), c.req.valid("json")), 200));
