// Devices of which two appliances with one key ask for tokens: which they are, and which of the two is the device. Nothing is refused by
// a fork: both keep what they have, and what they are entitled to, until an operator does something about it.
import { createRoute, z } from "@hono/zod-openapi";
import type { Branch } from "../../../entitlement/devices/lineage.ts";
import type { ForkedDevice } from "../../../objects/account/fleet/lineage-desk.ts";
import { plainText } from "../../../plain-text.ts";
import { ProblemError } from "../../../problem.ts";
import { accountPath, accountRefusals, isOfAccount, openAccount, unknownAfter } from "../../http/account-in-path.ts";
import { changeBy } from "../../http/app-env.ts";
import { devicePath, openDevice } from "../../http/device-in-path.ts";
import { accountAccess, accountReadAccess } from "../../http/key-access.ts";
import {
	createRouter,
	jsonAnswer,
	jsonBody,
	problems,
	timestamp,
	toTimestamp,
	wholeNumber,
} from "../../http/openapi.ts";

const FORKS_PER_PAGE = 500;
/** As an anchor is made: nine bytes. */
const lineName = z.string().regex(/^[\w-]{12}$/, "a line has 12 letters, digits, - and _");

export const forkBody = z
	.object({
		device: z.string(),
		serial: z.string(),
		forked_at: timestamp.openapi({ description: "Since when both are known to go on" }),
		lines: z.array(
			z.object({
				line: z.string().openapi({ description: "By its last day; another one each day" }),
				seen_at: timestamp.openapi({ description: "When it began that day" }),
				country: z.string().nullable(),
				colo: z.string().nullable(),
			}),
		),
	})
	.openapi("Fork");

const list = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/forks",
	operationId: "listForks",
	tags: ["Operator"],
	summary: "Devices of which two copies live, a page at a time",
	...accountReadAccess,
	request: {
		params: accountPath,
		query: z.object({
			after: z.string().max(64).optional().openapi({ description: "`next` of the page before" }),
			limit: wholeNumber(1, FORKS_PER_PAGE).optional(),
		}),
	},
	responses: {
		200: jsonAnswer(
			z.object({ forks: z.array(forkBody), next: z.string().nullable() }),
			"In the order of the devices' ids, with where each line was last seen",
		),
		...accountRefusals,
	},
});

const resolve = createRoute({
	method: "post",
	path: "/v1/devices/{device}/fork/resolve",
	operationId: "resolveFork",
	tags: ["Operator"],
	summary: "Say which of two copies is the device",
	description:
		"The fork is over. The other copy is refused nothing, since it has the same key: if it goes on, that is a fork again. To shut it out, replace the device or activate each with a code of its own.",
	...accountAccess,
	request: {
		params: devicePath,
		body: jsonBody(
			z
				.strictObject({
					keep: lineName.openapi({ description: "`line` of the one that is the device" }),
					reason: plainText(500).optional().openapi({ description: "Kept in the audit trail" }),
				})
				.openapi("ForkResolution"),
		),
	},
	responses: {
		200: jsonAnswer(z.object({ device: z.string(), kept: z.string() }), "It is that one"),
		...problems(
			...(["unauthenticated", "insufficient_scope", "invalid_identifier"] as const),
			...(["invalid_request", "not_found", "conflict", "rate_limited"] as const),
		),
	},
});

export const forks = createRouter()
	.openapi(list, async (c) => {
		const { after = "", limit = FORKS_PER_PAGE } = c.req.valid("query");
		const { id, object } = await openAccount(c, c.req.valid("param").account);
		if (after !== "" && !(await isOfAccount(c, id, after))) throw unknownAfter();
		if ((await object.info()) === null) throw new ProblemError("not_found");
		const found = await object.forks({ kind: "list", after, limit });
		if (found.kind !== "list") throw new ProblemError("not_found");
		return c.json({ forks: found.forks.map(describe), next: found.next }, 200);
	})
	.openapi(resolve, async (c) => {
		const { id, object } = await openDevice(c.env, c.req.valid("param").device);
		const { keep, reason = "" } = c.req.valid("json");
		const done = await object.forks({ ...changeBy(c), kind: "resolve", device: id, keep, reason });
		if (done.kind === "resolved") return c.json({ device: id, kept: keep }, 200);
		if (done.kind === "list" || done.reason === "unknown_device") throw new ProblemError("not_found");
		const why =
			done.reason === "not_forked"
				? "no two copies of it are known to live"
				: "it is the name of neither line; each day gives them others: ask for the forks again";
		throw new ProblemError("conflict", { detail: why });
	});

function describe({ device, serial, lines }: ForkedDevice): z.infer<typeof forkBody> {
	const { main, rival, forkedAt } = lines;
	const both = rival === null ? [main] : [main, rival];
	return { device, serial, forked_at: toTimestamp(forkedAt ?? main.at), lines: both.map(describeLine) };
}

function describeLine({ anchor, at, country, colo }: Branch) {
	return { line: anchor, seen_at: toTimestamp(at), country, colo };
}
