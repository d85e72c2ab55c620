// The operator plane of accounts: accounts themselves, and the devices that they have.
import { createRoute, z } from "@hono/zod-openapi";
import { displayName } from "../content/names.ts";
import { accountObjectName, mintAccountId } from "../entitlement/ids.ts";
import { pseudonymOf, pseudonymPeriod } from "../signing/lookup-keys.ts";
import { accountPath, accountRefusals, randomBytes, readAccount } from "./account-in-path.ts";
import { operatorAccess } from "./authenticate.ts";
import { createRouter, jsonAnswer, jsonBody, timestamp, toTimestamp } from "./openapi.ts";

const DEVICES_PER_PAGE = 1000;
const accountBody = z.object({ account: z.string(), name: z.string(), created_at: timestamp }).openapi("Account");
const deviceBody = z
	.object({
		device: z.string(),
		serial: z.string(),
		model: z.string(),
		status: z.string(),
		license: z.string(),
		ha_group: z.string().nullable(),
		replaces: z.string().nullable().openapi({ description: "The device whose place it took" }),
		replaced_by: z.string().nullable().openapi({ description: "The device that took its place" }),
		labels: z.record(z.string(), z.string()),
		activated_at: timestamp,
		pseudonym: z.string().openapi({ description: "What logs and telemetry call it this month" }),
	})
	.openapi("Device");

const createAccount = createRoute({
	method: "post",
	path: "/v1/accounts",
	tags: ["Operator"],
	summary: "Create an account",
	...operatorAccess,
	request: { body: jsonBody(z.strictObject({ name: displayName })) },
	responses: { 201: jsonAnswer(accountBody, "Created"), ...accountRefusals },
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
		...accountRefusals,
	},
});
const listDevices = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/devices",
	tags: ["Operator"],
	summary: "Devices of an account, a page at a time",
	...operatorAccess,
	request: { params: accountPath, query: z.object({ after: z.string().max(64).optional() }) },
	responses: {
		200: jsonAnswer(
			z.object({ devices: z.array(deviceBody), next: z.string().nullable() }),
			"A page; `next` is the `after` of the one after it",
		),
		...accountRefusals,
	},
});

export const accounts = createRouter()
	.openapi(createAccount, async (c) => {
		const { services, event } = c.env;
		const actor = c.var.subject;
		const id = await mintAccountId(services.lookupKeys, randomBytes());
		const { name } = c.req.valid("json");
		const creation = { actor, now: c.env.now, id, name };
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
	})
	.openapi(listDevices, async (c) => {
		const account = await readAccount(c.env, c.req.valid("param").account);
		const { after } = c.req.valid("query");
		const stored = await c.env.services.objects.account(account.objectName).listDevices(after, DEVICES_PER_PAGE);
		const { lookupKeys } = c.env.services;
		const month = pseudonymPeriod(c.env.now);
		const devices = await Promise.all(
			stored.map(async (device) => ({
				device: device.id,
				serial: device.serial,
				model: device.model,
				status: device.status,
				license: device.license,
				ha_group: device.haGroup,
				replaces: device.replaces,
				replaced_by: device.replacedBy,
				labels: device.labels,
				activated_at: toTimestamp(device.activatedAt),
				pseudonym: await pseudonymOf(lookupKeys, device.id, month),
			})),
		);
		const last = devices.length === DEVICES_PER_PAGE ? devices.at(-1) : undefined;
		return c.json({ devices, next: last?.device ?? null }, 200);
	});
