// The fleet in numbers: how many devices run what, how a release came to them, who is silent and why updates fail. Answered by the
// Census, or for one account by the account itself.
import { createRoute, z } from "@hono/zod-openapi";
import { type AdoptedRelease, ALL_VERSIONS, latestDevices, protectedAfter, thin } from "../../../fleet/adoption.ts";
import { overviewOf } from "../../../fleet/fleet-summary.ts";
import { productName } from "../../../names.ts";
import { ProblemError } from "../../../problem.ts";
import { accountPath, accountRefusals, openAccount } from "../../http/account-in-path.ts";
import { accountReadAccess, operatorAccess, readAccess } from "../../http/key-access.ts";
import {
	createRouter,
	jsonAnswer,
	jsonBody,
	problems,
	timestamp,
	toTimestamp,
	toTimestampOrNull,
	wholeNumber,
} from "../../http/openapi.ts";
import { untilCounted } from "../../http/until-counted.ts";
import { accountFleetBody, describeFleet, fleetBody, problemBody } from "./fleet-body.ts";

const shared = { tags: ["Operator"] };
const refusals = problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited");
const DAY_SECONDS = 86_400;
const MAX_POINTS = 200;
const MAX_LISTED = 1_000;
const LISTED = 100;
const limit = wholeNumber(1, MAX_LISTED)
	.optional()
	.openapi({ description: `At most so many; ${LISTED} if left out` });
const asOf = timestamp.nullable().openapi({ description: "Of the newest summary of an account" });

const overview = createRoute({
	...shared,
	...readAccess,
	method: "get",
	path: "/v1/fleet",
	operationId: "getFleet",
	summary: "The whole fleet in numbers: versions, models, countries, outcomes, silence, licenses",
	responses: { 200: jsonAnswer(fleetBody, "A minute late at most, `as_of` says how late"), ...refusals },
});

const ofAccount = createRoute({
	...shared,
	...accountReadAccess,
	method: "get",
	path: "/v1/accounts/{account}/fleet",
	operationId: "getAccountFleet",
	summary: "The fleet of one account in numbers, as it is now",
	request: { params: accountPath },
	responses: { 200: jsonAnswer(accountFleetBody, "As the account has it"), ...accountRefusals },
});

const tell = createRoute({
	...shared,
	...operatorAccess,
	method: "post",
	path: "/v1/accounts/{account}/fleet",
	operationId: "tellFleet",
	summary: "Have an account tell the fleet's numbers again: a census that was lost is rebuilt so, account by account",
	request: { params: accountPath, body: jsonBody(z.strictObject({})) },
	responses: {
		200: jsonAnswer(
			z.object({
				told: z.boolean().openapi({ description: "false = it could not be told now; the account tries again" }),
			}),
			"Harmless at any time",
		),
		...accountRefusals,
	},
});

const ofProduct = createRoute({
	...shared,
	...readAccess,
	method: "get",
	path: "/v1/fleet/products/{product}",
	operationId: "getAdoption",
	summary: "How each release of a product came to the fleet, and how long it took until devices were protected",
	request: { params: z.object({ product: productName }) },
	responses: {
		200: jsonAnswer(
			z
				.object({
					product: z.string(),
					devices: z
						.int()
						.nonnegative()
						.openapi({ description: "That may have the product and have said anything of it" }),
					releases: z.array(
						z
							.object({
								version: z.string(),
								released_at: timestamp,
								devices: z.int().nonnegative().openapi({ description: "That have it now" }),
								protected_after: z
									.object({ p50: z.int().nullable(), p90: z.int().nullable(), p99: z.int().nullable() })
									.openapi({
										description:
											"Seconds from its release until 50, 90 and 99 % of the devices had it or a newer one, counted each minute to half a percent; null = not yet",
									}),
								points: z
									.array(z.object({ at: timestamp, devices: z.int().nonnegative() }).openapi("AdoptionPoint"))
									.openapi({
										description: `How many had it from then on; ${MAX_POINTS} at most, of the last 60 days`,
									}),
							})
							.openapi("AdoptedRelease"),
					),
					as_of: asOf,
				})
				.openapi("Adoption"),
			"Newest release first",
		),
		...refusals,
		...problems("not_found", "invalid_identifier"),
	},
});

const silent = createRoute({
	...shared,
	...readAccess,
	method: "get",
	path: "/v1/fleet/silent",
	operationId: "getSilentAccounts",
	summary: "Accounts with devices that were not heard of lately, most first",
	request: {
		query: z.object({
			silent_for: wholeNumber(3_600, 365 * DAY_SECONDS)
				.optional()
				.openapi({ description: "Seconds; a day if left out" }),
			limit,
		}),
	},
	responses: {
		200: jsonAnswer(
			z.object({
				accounts: z.array(
					z
						.object({ account: z.string(), silent: z.int().nonnegative(), devices: z.int().nonnegative() })
						.openapi("SilentAccount"),
				),
				as_of: asOf,
			}),
			"Which devices these are: the account's list of devices with the same `silent_for`",
		),
		...refusals,
	},
});

const failing = createRoute({
	...shared,
	...readAccess,
	method: "get",
	path: "/v1/fleet/problems",
	operationId: "getFleetProblems",
	summary: "Why last updates did not take place, and of how many devices, most first",
	request: {
		query: z.object({
			product: productName.optional(),
			country: z
				.string()
				.regex(/^[A-Z]{2}$/, "two capital letters, such as BR")
				.optional(),
			limit,
		}),
	},
	responses: {
		200: jsonAnswer(
			z.object({ problems: z.array(problemBody), as_of: asOf }),
			"By product, version, country and reason",
		),
		...refusals,
	},
});

export const fleet = createRouter()
	.openapi(overview, async (c) => {
		const { services, now } = c.env;
		const found = await untilCounted(async () => services.objects.census().fleet());
		const ages = { as_of: toTimestampOrNull(found.newestAt), oldest: toTimestampOrNull(found.oldestAt) };
		return c.json({ ...describeFleet(found, now), accounts: found.accounts, ...ages }, 200);
	})
	.openapi(ofAccount, async (c) => {
		const { now } = c.env;
		const { object } = await openAccount(c, c.req.valid("param").account);
		const found = await untilCounted(async () => object.fleet(now));
		if (found === null) throw new ProblemError("not_found");
		const { summary } = found;
		const numbers = { ...summary, products: overviewOf(summary.cells) };
		const problems = summary.problems.toSorted((one, two) => two.devices - one.devices);
		return c.json({ ...describeFleet(numbers, now), problems, as_of: toTimestamp(now) }, 200);
	})
	.openapi(tell, async (c) => {
		const { object } = await openAccount(c, c.req.valid("param").account);
		const found = await untilCounted(async () => object.fleet(c.env.now, true));
		if (found === null) throw new ProblemError("not_found");
		return c.json({ told: found.isTold }, 200);
	})
	.openapi(ofProduct, async (c) => {
		const { objects } = c.env.services;
		const { product } = c.req.valid("param");
		const [info, entries, { samples, newestAt }] = await Promise.all([
			objects.product(product).info(),
			objects.product(product).list(),
			untilCounted(async () => objects.census().adoption(product)),
		]);
		if (info === null && samples.length === 0) throw new ProblemError("not_found");
		const releases = entries.flatMap(({ version, sequence, releasedAt }): AdoptedRelease[] =>
			sequence === null || releasedAt === null ? [] : [{ version, sequence, releasedAt }],
		);
		const lastOf = latestDevices(samples);
		const body = {
			product,
			devices: lastOf(ALL_VERSIONS),
			releases: releases
				.toSorted((one, two) => two.sequence - one.sequence)
				.map((release) => {
					const after = protectedAfter(release, releases, samples);
					const own = samples.filter(({ version }) => version === release.version);
					return {
						...{ version: release.version, released_at: toTimestamp(release.releasedAt) },
						devices: lastOf(release.version),
						protected_after: { p50: after[50], p90: after[90], p99: after[99] },
						points: thin(own, MAX_POINTS).map(({ at, devices }) => ({ at: toTimestamp(at), devices })),
					};
				}),
			as_of: toTimestampOrNull(newestAt),
		};
		return c.json(body, 200);
	})
	.openapi(silent, async (c) => {
		const { services, now } = c.env;
		const { silent_for: seconds = DAY_SECONDS, limit = LISTED } = c.req.valid("query");
		const found = await untilCounted(async () => services.objects.census().silent(now - seconds, limit));
		return c.json({ accounts: found.silent, as_of: toTimestampOrNull(found.newestAt) }, 200);
	})
	.openapi(failing, async (c) => {
		const { product, country, limit = LISTED } = c.req.valid("query");
		const query = { product, country, limit };
		const { problems, newestAt } = await untilCounted(async () => c.env.services.objects.census().problems(query));
		return c.json({ problems, as_of: toTimestampOrNull(newestAt) }, 200);
	});
