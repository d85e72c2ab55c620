// The operator plane of accounts: accounts themselves, their licenses, auth codes and devices.
import { createRoute, z } from "@hono/zod-openapi";
import { productName } from "../content/names.ts";
import {
	type AccountId,
	accountObjectName,
	formatCode,
	ID_RANDOM_BYTES,
	mintAccountId,
	mintCode,
	mintCodeId,
	mintLicenseId,
	parseAccountId,
} from "../entitlement/ids.ts";
import { MAX_PRODUCTS } from "../entitlement/license.ts";
import type { LicenseInfo } from "../objects/account.ts";
import { ProblemError } from "../problem.ts";
import type { RequestScope } from "../request-scope.ts";
import { hashSecret, pseudonymOf, pseudonymPeriod } from "../signing/lookup-keys.ts";
import { requireKey } from "./authenticate.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toSeconds, toTimestamp } from "./openapi.ts";

const access = { security: [{ apiKey: [] }], middleware: requireKey("operate") };
const accountPath = z.object({ account: z.string().max(64) });
const displayName = z
	.string()
	.regex(/^[\p{L}\p{N}][\p{L}\p{N} .,'_-]{0,99}$/u, "a name is up to 100 letters, digits, spaces and . , ' _ -");
const DAY = 86_400;
const HOUR = 3600;
const DEVICES_PER_PAGE = 1000;
const refusals = problems(
	"unauthenticated",
	"insufficient_scope",
	"invalid_request",
	"invalid_identifier",
	"not_found",
	"rate_limited",
);

const accountBody = z.object({ account: z.string(), name: z.string(), created_at: timestamp }).openapi("Account");
const licenseBody = z
	.object({
		license: z.string(),
		products: z.array(z.string()),
		seats: z.int(),
		seats_taken: z.int(),
		starts_at: timestamp,
		ends_at: timestamp,
		grace_days: z.number(),
		delay_hours: z.number(),
	})
	.openapi("License");
const codeBody = z
	.object({ id: z.string(), license: z.string(), uses: z.int(), used: z.int(), expires_at: timestamp })
	.openapi("AuthCode");
const deviceBody = z
	.object({
		device: z.string(),
		serial: z.string(),
		model: z.string(),
		status: z.string(),
		license: z.string(),
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
	...access,
	request: { body: jsonBody(z.strictObject({ name: displayName })) },
	responses: { 201: jsonAnswer(accountBody, "Created"), ...refusals },
});
const listAccounts = createRoute({
	method: "get",
	path: "/v1/accounts",
	tags: ["Operator"],
	summary: "Accounts, a page at a time",
	...access,
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
		...refusals,
	},
});
const createLicense = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/licenses",
	tags: ["Operator"],
	summary: "Give an account a license",
	...access,
	request: {
		params: accountPath,
		body: jsonBody(
			z
				.strictObject({
					products: z.array(productName).min(1).max(MAX_PRODUCTS),
					seats: z.int().min(1).max(1_000_000),
					starts_at: timestamp.optional().openapi({ description: "Now, if left out" }),
					ends_at: timestamp,
					grace_days: z
						.number()
						.min(0)
						.max(365)
						.optional()
						.openapi({ description: "Days after the end during which updates still come; 30 if left out" }),
					delay_hours: z
						.number()
						.min(0)
						.max(720)
						.optional()
						.openapi({ description: "How old a release must be for this license; 0 if left out" }),
				})
				.openapi("NewLicense"),
		),
	},
	responses: { 201: jsonAnswer(licenseBody, "Created"), ...refusals },
});
const listLicenses = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/licenses",
	tags: ["Operator"],
	summary: "Licenses of an account, with the seats taken",
	...access,
	request: { params: accountPath },
	responses: { 200: jsonAnswer(z.object({ licenses: z.array(licenseBody) }), "All of them"), ...refusals },
});
const createCode = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/codes",
	tags: ["Operator"],
	summary: "Make an auth code with which devices activate under a license",
	...access,
	request: {
		params: accountPath,
		body: jsonBody(
			z
				.strictObject({
					license: z.string().max(64),
					uses: z
						.int()
						.min(1)
						.max(1_000_000)
						.optional()
						.openapi({ description: "Devices it may activate; 1 if left out" }),
					expires_at: timestamp.optional().openapi({ description: "30 days from now, if left out" }),
				})
				.openapi("NewAuthCode"),
		),
	},
	responses: { 201: jsonAnswer(codeBody.extend({ code: z.string() }), "The code is shown this once"), ...refusals },
});
const listCodes = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/codes",
	tags: ["Operator"],
	summary: "Auth codes of an account, without the codes themselves",
	...access,
	request: { params: accountPath },
	responses: { 200: jsonAnswer(z.object({ codes: z.array(codeBody) }), "All of them"), ...refusals },
});
const listDevices = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/devices",
	tags: ["Operator"],
	summary: "Devices of an account, a page at a time",
	...access,
	request: { params: accountPath, query: z.object({ after: z.string().max(64).optional() }) },
	responses: {
		200: jsonAnswer(
			z.object({ devices: z.array(deviceBody), next: z.string().nullable() }),
			"A page; `next` is the `after` of the one after it",
		),
		...refusals,
	},
});

/** The account in the path. It has a keyed check, so a mistyped id never touches an object. */
async function readAccount({ services, event }: RequestScope, text: string): Promise<AccountId> {
	const account = await parseAccountId(services.lookupKeys, text);
	if (account === null) throw new ProblemError("invalid_identifier");
	event.account = account.objectName;
	return account;
}

function describeLicense(license: LicenseInfo) {
	return {
		license: license.id,
		products: [...license.products],
		seats: license.seats,
		seats_taken: license.seatsTaken,
		starts_at: toTimestamp(license.startsAt),
		ends_at: toTimestamp(license.endsAt),
		grace_days: license.graceSeconds / DAY,
		delay_hours: license.delaySeconds / HOUR,
	};
}

function randomBytes(): Uint8Array {
	return crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES));
}

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
	.openapi(createLicense, async (c) => {
		const scope = c.env;
		const actor = c.var.subject;
		const account = await readAccount(scope, c.req.valid("param").account);
		const wanted = c.req.valid("json");
		const startsAt = wanted.starts_at === undefined ? scope.now : toSeconds(wanted.starts_at);
		const endsAt = toSeconds(wanted.ends_at);
		if (endsAt <= startsAt) throw new ProblemError("invalid_request", { detail: "ends_at must be after starts_at" });
		const result = await scope.services.objects.account(account.objectName).createLicense({
			actor,
			now: scope.now,
			id: mintLicenseId(randomBytes()),
			terms: {
				products: [...new Set(wanted.products)],
				seats: wanted.seats,
				startsAt,
				endsAt,
				graceSeconds: Math.round((wanted.grace_days ?? 30) * DAY),
				delaySeconds: Math.round((wanted.delay_hours ?? 0) * HOUR),
			},
		});
		if (!result.ok) throw new ProblemError("not_found");
		return c.json(describeLicense(result.license), 201);
	})
	.openapi(listLicenses, async (c) => {
		const account = await readAccount(c.env, c.req.valid("param").account);
		const licenses = await c.env.services.objects.account(account.objectName).listLicenses();
		return c.json({ licenses: licenses.map(describeLicense) }, 200);
	})
	.openapi(createCode, async (c) => {
		const scope = c.env;
		const { services, now } = scope;
		const actor = c.var.subject;
		const account = await readAccount(scope, c.req.valid("param").account);
		const { license, uses = 1, expires_at } = c.req.valid("json");
		const expiresAt = expires_at === undefined ? now + 30 * DAY : toSeconds(expires_at);
		if (expiresAt <= now) throw new ProblemError("invalid_request", { detail: "expires_at must be in the future" });
		const code = await mintCode(services.lookupKeys, account.id, randomBytes());
		const hash = await hashSecret(services.lookupKeys, "code", code);
		const result = await services.objects
			.account(account.objectName)
			.createCode({ actor, now, id: mintCodeId(randomBytes()), hash, license, uses, expiresAt });
		if (!result.ok) throw new ProblemError("not_found", { detail: "the account has no such license" });
		return c.json(
			{ code: formatCode(code), id: result.code.id, license, uses, used: 0, expires_at: toTimestamp(expiresAt) },
			201,
		);
	})
	.openapi(listCodes, async (c) => {
		const account = await readAccount(c.env, c.req.valid("param").account);
		const stored = await c.env.services.objects.account(account.objectName).listCodes();
		const codes = stored.map(({ id, license, uses, used, expiresAt }) => ({
			id,
			license,
			uses,
			used,
			expires_at: toTimestamp(expiresAt),
		}));
		return c.json({ codes }, 200);
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
				labels: device.labels,
				activated_at: toTimestamp(device.activatedAt),
				pseudonym: await pseudonymOf(lookupKeys, device.id, month),
			})),
		);
		const last = devices.length === DEVICES_PER_PAGE ? devices.at(-1) : undefined;
		return c.json({ devices, next: last?.device ?? null }, 200);
	});
