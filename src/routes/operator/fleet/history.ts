// The history, for who asks it elsewhere: its files, and which device of an account a pseudonym stands for. Nothing is asked of the events here.
import { createRoute, z } from "@hono/zod-openapi";
import { isHaGroupId } from "../../../entitlement/ids.ts";
import { EVENTS_PREFIX } from "../../../history/hour-files.ts";
import { ProblemError } from "../../../problem.ts";
import { PSEUDONYM_LENGTH, pseudonymOf, pseudonymPeriod } from "../../../signing/keys/lookup-keys.ts";
import { accountPath, accountRefusals, isOfAccount, openAccount, unknownAfter } from "../../http/account-in-path.ts";
import { accountReadAccess, readAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, problems } from "../../http/openapi.ts";

/** Of a download only so much of the pseudonym is known. */
const SHORT_LENGTH = 8;
/** Whose pseudonyms one request computes. */
const DEVICES_PER_PAGE = 500;
const gzip = { "application/gzip": { schema: z.string().openapi({ format: "binary" }) } };
const refusals = problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited", "unavailable");

const list = createRoute({
	method: "get",
	path: "/v1/history/files",
	operationId: "listHistoryFiles",
	tags: ["Operator"],
	summary: "Files of the history, from an hour on, a page at a time",
	...readAccess,
	request: {
		query: z.object({
			from: z
				.string()
				.regex(/^\d{4}-\d\d-\d\dT\d\d$/)
				.optional()
				.openapi({ description: "First hour (UTC); from the first that there is if left out" }),
			after: z.string().max(160).optional().openapi({ description: "`next` of the page before" }),
		}),
	},
	responses: {
		200: jsonAnswer(
			z
				.object({
					sink: z.enum(["off", "r2", "pipelines"]).openapi({
						description: "Where the history goes now: files are written only with `r2`",
					}),
					files: z.array(z.object({ name: z.string(), size: z.int().nonnegative() }).openapi("HistoryFile")),
					next: z.string().nullable().openapi({ description: "`after` of the next page; null = this was the last" }),
				})
				.openapi("HistoryFiles"),
			"By name, and so by time. A file never changes",
		),
		...refusals,
	},
});

const read = createRoute({
	method: "get",
	path: "/v1/history/files/{date}/{hour}/{file}",
	operationId: "readHistoryFile",
	tags: ["Operator"],
	summary: "A file of the history: gzipped lines of JSON, columns as in docs/history.md",
	...readAccess,
	request: {
		params: z.object({
			date: z.string().regex(/^\d{4}-\d\d-\d\d$/),
			hour: z.string().regex(/^\d\d$/),
			file: z.string().regex(/^[a-z0-9-]{1,64}\.ndjson\.gz$/),
		}),
	},
	responses: {
		200: { description: "The file", content: gzip },
		...refusals,
		...problems("invalid_identifier", "not_found"),
	},
});

const who = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/pseudonyms/{pseudonym}",
	operationId: "findDeviceByPseudonym",
	tags: ["Operator"],
	summary: "Which device of an account a pseudonym stands for, looked for in a page of its devices",
	description: "Pseudonyms cannot be computed backwards: each page computes those of so many devices for the month.",
	...accountReadAccess,
	request: {
		params: accountPath.extend({
			pseudonym: z
				.string()
				.regex(new RegExp(`^[A-Za-z0-9_-]{${SHORT_LENGTH}}([A-Za-z0-9_-]{${PSEUDONYM_LENGTH - SHORT_LENGTH}})?$`)),
		}),
		query: z.object({
			month: z
				.string()
				.regex(/^\d{4}-(0[1-9]|1[0-2])$/)
				.optional()
				.openapi({ description: "Of the row; this month if left out" }),
			after: z.string().max(64).optional().openapi({ description: "`next` of the page before" }),
		}),
	},
	responses: {
		200: jsonAnswer(
			z
				.object({
					device: z.string().nullable().openapi({ description: "null = none of this page's" }),
					next: z.string().nullable().openapi({ description: "`after` of the next page; null = that was all" }),
				})
				.openapi("PseudonymPage"),
			"The device, or where to look on",
		),
		...accountRefusals,
	},
});

export const history = createRouter()
	.openapi(list, async (c) => {
		const { from = "", after = "" } = c.req.valid("query");
		const { config, historyFiles } = c.env.services;
		const { files, more } = await historyFiles.list(from, after);
		return c.json({ sink: config.historySink, files, next: more ? (files.at(-1)?.name ?? null) : null }, 200);
	})
	.openapi(read, async (c) => {
		const { date, hour, file } = c.req.valid("param");
		const found = await c.env.services.historyFiles.read(`${EVENTS_PREFIX}dt=${date}/hour=${hour}/${file}`);
		if (found === null) throw new ProblemError("not_found");
		return c.body(found.body, 200, { "content-type": "application/gzip", "content-length": String(found.size) });
	})
	.openapi(who, async (c) => {
		const { services, now } = c.env;
		const { account, pseudonym } = c.req.valid("param");
		const { month = pseudonymPeriod(now), after = "" } = c.req.valid("query");
		const { id: accountId, object } = await openAccount(c, account);
		if (after !== "" && (isHaGroupId(after) || !(await isOfAccount(c, accountId, after)))) throw unknownAfter();
		const page = await object.findDevices({ after, limit: DEVICES_PER_PAGE, now });
		const ids = page.devices.map(({ device }) => device.id);
		const names = await Promise.all(ids.map((id) => pseudonymOf(services.lookupKeys, id, month)));
		const device = ids[names.findIndex((name) => name.startsWith(pseudonym))] ?? null;
		return c.json({ device, next: device === null ? page.next : null }, 200);
	});
