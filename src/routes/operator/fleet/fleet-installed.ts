// Who still has a version of a product, over all accounts. Answered by the Census; which devices these are, each account says.
import { createRoute, z } from "@hono/zod-openapi";
import type { AccountWith } from "../../../fleet/installed.ts";
import { productName, splitWanted, versionsWanted } from "../../../names.ts";
import { ProblemError } from "../../../problem.ts";
import { readAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, problems, timestamp, toTimestampOrNull, wholeNumber } from "../../http/openapi.ts";
import { untilCounted } from "../../http/until-counted.ts";

const MAX_LISTED = 1_000;
const LISTED = 100;
const count = z.int().nonnegative();

export const installedBody = z
	.object({
		product: z.string(),
		installed: z.string().nullable().openapi({ description: "What was asked for; null = every version" }),
		devices: count.openapi({ description: "That have such a version" }),
		of_devices: count.openapi({ description: "That may have the product and have said anything of it" }),
		other: count.openapi({
			description:
				"Whose version is too rare in their account to be counted by itself: some may be among those asked for",
		}),
		versions: z
			.array(z.object({ version: z.string(), devices: count, accounts: count }).openapi("InstalledVersion"))
			.openapi({ description: "That were asked for, most devices first; the same on each page" }),
		accounts: z
			.array(z.object({ account: z.string(), devices: count }).openapi("InstalledAccount"))
			.openapi({ description: "That have devices with such a version, most first" }),
		next: z.string().nullable().openapi({ description: "`after` of the next page; null = this was the last" }),
		as_of: timestamp.nullable().openapi({ description: "Of the newest summary of an account" }),
	})
	.openapi("FleetInstalled");

const route = createRoute({
	method: "get",
	path: "/v1/fleet/installed",
	operationId: "getFleetInstalled",
	tags: ["Operator"],
	summary: "Which accounts have devices with a version of a product, and how many, a page at a time",
	...readAccess,
	request: {
		query: z.object({
			product: productName,
			installed: versionsWanted.optional().openapi({
				description: "A version, or what several begin with and a `*`; every version if left out",
				example: "4.26*",
			}),
			after: z
				.string()
				.regex(/^\d{1,15}\.acct-[a-z0-9]{1,40}$/, "after is no `next` of this list")
				.optional()
				.openapi({ description: "`next` of the page before" }),
			limit: wholeNumber(1, MAX_LISTED)
				.optional()
				.openapi({ description: `Accounts and versions, each at most so many; ${LISTED} if left out` }),
		}),
	},
	responses: {
		200: jsonAnswer(
			installedBody,
			"Which devices these are: the account's list of devices with the same `product` and `installed`",
		),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "not_found", "rate_limited"),
	},
});

export const fleetInstalled = createRouter().openapi(route, async (c) => {
	const { objects } = c.env.services;
	const { product, installed, after, limit = LISTED } = c.req.valid("query");
	const wanted = installed === undefined ? null : splitWanted(installed);
	const query = { product, wanted, limit, after: after === undefined ? null : readPlace(after) };
	const found = await untilCounted(async () => objects.census().installed(query));
	if (found.all === 0 && (await objects.product(product).info()) === null) throw new ProblemError("not_found");
	const { devices, all, other, versions, accounts, more, newestAt } = found;
	const last = accounts.at(-1);
	const body = {
		...{ product, installed: installed ?? null, devices, of_devices: all, other },
		versions: versions.map((one) => ({ ...one })),
		accounts: accounts.map((one) => ({ ...one })),
		next: more && last !== undefined ? writePlace(last) : null,
		as_of: toTimestampOrNull(newestAt),
	};
	return c.json(body, 200);
});

/** Accounts are in the order of their devices: who goes on from here sees one twice, or not, where its number has changed meanwhile. */
function writePlace({ account, devices }: AccountWith): string {
	return `${devices}.${account}`;
}

function readPlace(text: string): AccountWith {
	const at = text.indexOf(".");
	return { devices: Number(text.slice(0, at)), account: text.slice(at + 1) };
}
