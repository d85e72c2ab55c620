// The operator plane of accounts: creating them, and which there are.
import { createRoute, z } from "@hono/zod-openapi";
import { accountObjectName, mintAccountId } from "../../entitlement/ids.ts";
import { displayName } from "../../plain-text.ts";
import { randomBytes } from "../http/account-in-path.ts";
import { changeBy } from "../http/app-env.ts";
import { operatorAccess } from "../http/authenticate.ts";
import { createRouter, jsonAnswer, jsonBody, timestamp, toTimestamp } from "../http/openapi.ts";

const accountBody = z.object({ account: z.string(), name: z.string(), created_at: timestamp }).openapi("Account");

const createAccount = createRoute({
	method: "post",
	path: "/v1/accounts",
	tags: ["Operator"],
	summary: "Create an account",
	...operatorAccess,
	request: { body: jsonBody(z.strictObject({ name: displayName })) },
	responses: { 201: jsonAnswer(accountBody, "Created") },
});
const listAccounts = createRoute({
	method: "get",
	path: "/v1/accounts",
	tags: ["Operator"],
	summary: "Accounts, a page at a time",
	...operatorAccess,
	request: {
		query: z.object({
			cursor: z.string().max(128).optional(),
			limit: z.coerce.number().int().min(1).max(1000).optional().openapi({ type: "integer" }),
		}),
	},
	responses: {
		200: jsonAnswer(
			z.object({ accounts: z.array(accountBody), next: z.string().nullable() }),
			"A page; `next` is the cursor of the one after it",
		),
	},
});
export const accounts = createRouter()
	.openapi(createAccount, async (c) => {
		const { services, event } = c.env;
		const id = await mintAccountId(services.lookupKeys, randomBytes());
		const { name } = c.req.valid("json");
		const creation = { ...changeBy(c), id, name };
		// The account's own object first: an entry in the Directory without one would lead nowhere.
		await services.objects.account(accountObjectName(id)).create(creation);
		const { account } = await services.objects.directory().createAccount(creation);
		event.account = accountObjectName(id);
		return c.json({ account: account.id, name: account.name, created_at: toTimestamp(account.createdAt) }, 201);
	})
	.openapi(listAccounts, async (c) => {
		const { cursor, limit } = c.req.valid("query");
		const page = await c.env.services.objects.directory().listAccounts(cursor ?? null, limit ?? 100);
		return c.json(
			{
				accounts: page.accounts.map(({ id, name, createdAt }) => ({
					account: id,
					name,
					created_at: toTimestamp(createdAt),
				})),
				next: page.next,
			},
			200,
		);
	});
