// Who stops updating by when, because what the updates rest on has ended by then. Answered by the Census; which devices these are, each
// account says.
import { createRoute, z } from "@hono/zod-openapi";
import { readAccess } from "../../http/key-access.ts";
import {
	createRouter,
	jsonAnswer,
	problems,
	timestamp,
	toSeconds,
	toTimestamp,
	toTimestampOrNull,
	wholeNumber,
} from "../../http/openapi.ts";
import { untilCounted } from "../../http/until-counted.ts";
import { anchorBody, describeAnchor, stoppingAccountBody } from "./trust-body.ts";

const AHEAD_SECONDS = 90 * 86_400;
const MAX_LISTED = 1_000;
const LISTED = 100;
const count = z.int().nonnegative();

const route = createRoute({
	method: "get",
	path: "/v1/fleet/trust",
	operationId: "getFleetTrust",
	tags: ["Operator"],
	summary:
		"Which devices stop updating by a time, if nobody does anything: TLS roots, TUF roots and certificates that end",
	...readAccess,
	request: {
		query: z.object({
			breaks_at: timestamp.optional().openapi({ description: "90 days from now if left out" }),
			limit: wholeNumber(1, MAX_LISTED)
				.optional()
				.openapi({ description: `Accounts and anchors, each at most so many; ${LISTED} if left out` }),
		}),
	},
	responses: {
		200: jsonAnswer(
			z
				.object({
					breaks_at: timestamp,
					devices: count.openapi({ description: "That may have a seat" }),
					unknown: count.openapi({ description: "Of which nobody has said what they rest on, or in too rare a way" }),
					stopping: count.openapi({ description: "Of which some anchor has ended by then, each counted once" }),
					tuf_root: z
						.object({ version: z.int(), ends: timestamp })
						.nullable()
						.openapi({ description: "The newest, which devices take; null = there is no repository" }),
					anchors: z.array(anchorBody).openapi({
						description:
							"What ends first comes first. Of more than `limit` those that most devices of each account rest on: what few devices make up does not displace them",
					}),
					anchors_left_out: z.object({ anchors: count, devices: count }).openapi("AnchorsLeftOut", {
						description: "For which there was no place, and how often devices rest on them",
					}),
					accounts: z.array(stoppingAccountBody).openapi({ description: "With devices that stop, most first" }),
					as_of: timestamp.nullable().openapi({ description: "Of the newest summary of an account" }),
				})
				.openapi("FleetTrust"),
			"Which devices these are: the account's list of devices with the same time as `trust_ends_by`",
		),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited"),
	},
});

export const fleetTrust = createRouter().openapi(route, async (c) => {
	const { services, now } = c.env;
	const { breaks_at: at, limit = LISTED } = c.req.valid("query");
	const by = at === undefined ? now + AHEAD_SECONDS : toSeconds(at);
	const newest = await services.objects.trust().root();
	const found = await untilCounted(async () => services.objects.census().trust({ by, newest, limit }));
	const { devices, unknown, stopping, anchors, leftOut, stoppingIn, newestAt } = found;
	const body = {
		...{ breaks_at: toTimestamp(by), devices, unknown, stopping },
		tuf_root: newest && { version: newest.version, ends: toTimestamp(newest.endsAt) },
		anchors: anchors.map((one) => describeAnchor(one, by)),
		anchors_left_out: leftOut,
		...{ accounts: stoppingIn, as_of: toTimestampOrNull(newestAt) },
	};
	return c.json(body, 200);
});
