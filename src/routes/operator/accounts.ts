// The operator plane of accounts: creating, renaming and closing them, and which there are.
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { accountObjectName, mintAccountId } from "../../entitlement/ids.ts";
import type { AccountChange } from "../../objects/account/account-desk.ts";
import type { AccountEntry } from "../../objects/directory/directory-tables.ts";
import { displayName, plainText } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import {
	accountPath,
	accountRefusals,
	changeRefusals,
	type OpenAccount,
	openAccount,
	randomBytes,
	unknownAfter,
} from "../http/account-in-path.ts";
import { type AppEnv, changeBy } from "../http/app-env.ts";
import { operatorAccess, readAccess } from "../http/key-access.ts";
import {
	createRouter,
	jsonAnswer,
	jsonBody,
	problems,
	timestamp,
	toTimestamp,
	toTimestampOrNull,
} from "../http/openapi.ts";

const accountBody = z
	.object({
		account: z.string(),
		name: z.string(),
		created_at: timestamp,
		closed_at: timestamp.nullable().openapi({ description: "null = it is open" }),
	})
	.openapi("Account");

const named = z.strictObject({
	name: displayName,
	same_name: z
		.boolean()
		.optional()
		.openapi({ description: "Also where another open account has that name; refused with its id if left out" }),
});

const createAccount = createRoute({
	method: "post",
	path: "/v1/accounts",
	operationId: "createAccount",
	tags: ["Operator"],
	summary: "Create an account",
	...operatorAccess,
	request: { body: jsonBody(named) },
	responses: { 201: jsonAnswer(accountBody, "Created"), ...problems("already_exists") },
});
const renameAccount = createRoute({
	method: "patch",
	path: "/v1/accounts/{account}",
	operationId: "renameAccount",
	tags: ["Operator"],
	summary: "Give an account another name",
	...operatorAccess,
	request: { params: accountPath, body: jsonBody(named) },
	responses: { 200: jsonAnswer(accountBody, "It has the name"), ...accountRefusals, ...problems("already_exists") },
});
const closeAccount = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/close",
	operationId: "closeAccount",
	tags: ["Operator"],
	summary: "Close an account for good, once each of its licenses is revoked",
	description:
		"It is given no license any more. What is known of it stays, its trail too. The same again changes nothing.",
	...operatorAccess,
	request: {
		params: accountPath,
		body: jsonBody(
			z.strictObject({ reason: plainText(500).optional().openapi({ description: "Kept in the audit trail" }) }),
		),
	},
	responses: { 200: jsonAnswer(accountBody, "It is closed"), ...changeRefusals },
});
const ACCOUNTS_PER_PAGE = 100;

const listAccounts = createRoute({
	method: "get",
	path: "/v1/accounts",
	operationId: "listAccounts",
	tags: ["Operator"],
	summary: "Accounts, a page at a time",
	...readAccess,
	request: {
		query: z.object({
			after: z.string().max(64).optional().openapi({ description: "`next` of the page before" }),
			limit: z.coerce.number().int().min(1).max(1000).optional().openapi({ type: "integer" }),
		}),
	},
	responses: {
		200: jsonAnswer(
			z.object({ accounts: z.array(accountBody), next: z.string().nullable() }),
			"A page, in the order in which they were made; `next` is the `after` of the one after it",
		),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited"),
	},
});
export const accounts = createRouter()
	.openapi(createAccount, async (c) => {
		const { services, event } = c.env;
		const id = await mintAccountId(services.lookupKeys, randomBytes());
		const { name, same_name: isShared } = c.req.valid("json");
		if (isShared !== true) await expectFreeName(c, name);
		const creation = { ...changeBy(c), id, name };
		// The account's own object first: an entry in the Directory without one would lead nowhere.
		await services.objects.account(accountObjectName(id)).create(creation);
		const { account } = await services.objects.directory().createAccount(creation);
		event.account = accountObjectName(id);
		return c.json(describe(account), 201);
	})
	.openapi(renameAccount, async (c) => {
		const account = await openAccount(c, c.req.valid("param").account);
		const { name, same_name: isShared } = c.req.valid("json");
		if (isShared !== true) await expectFreeName(c, name, account.id);
		return c.json(await change(c, account, { name }), 200);
	})
	.openapi(closeAccount, async (c) => {
		const account = await openAccount(c, c.req.valid("param").account);
		const { reason = "" } = c.req.valid("json");
		return c.json(await change(c, account, { closes: true, reason }), 200);
	})
	.openapi(listAccounts, async (c) => {
		const { after = "", limit = ACCOUNTS_PER_PAGE } = c.req.valid("query");
		const page = await c.env.services.objects.directory().listAccounts(after, limit);
		if (page === null) throw unknownAfter();
		return c.json(
			{
				accounts: page.accounts.map(describe),
				next: page.next,
			},
			200,
		);
	});

function describe({ id, name, createdAt, closedAt }: AccountEntry): z.infer<typeof accountBody> {
	return { account: id, name, created_at: toTimestamp(createdAt), closed_at: toTimestampOrNull(closedAt) };
}

/**
 * Not one transaction with what follows: two accounts that are made in the same moment can get the same name.
 * @throws ProblemError `already_exists` with the account that has the name
 */
async function expectFreeName(c: Context<AppEnv>, name: string, id?: string): Promise<void> {
	const account = await c.env.services.objects.directory().accountNamed(name, id);
	if (account === null) return;
	throw new ProblemError("already_exists", { detail: `${account} has that name`, extras: { account } });
}

/** The account's own object first, then its entry in the Directory, also when nothing changed: the last try may have ended between. */
async function change(c: Context<AppEnv>, { object, by, id }: OpenAccount, wanted: AccountChange) {
	const result = await object.changeAccount({ ...by, ...wanted });
	if (result.ok) {
		const { name, closedAt } = result.account;
		const reason = "reason" in wanted ? wanted.reason : "";
		await c.env.services.objects.directory().changeAccount({ ...by, id, name, closedAt, reason });
		return describe(result.account);
	}
	if (result.reason === "unknown_account") throw new ProblemError("not_found");
	const { left } = result;
	const licenses = left === 1 ? "1 license of it is" : `${left} licenses of it are`;
	throw new ProblemError("conflict", { detail: `${licenses} not revoked: revoke them first` });
}
