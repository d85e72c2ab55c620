// Which devices an account has suspended when their key or token is used from two networks at once (fleet/tripwire.ts).
import { createRoute, z } from "@hono/zod-openapi";
import { SUSPENDS } from "../../../fleet/tripwire.ts";
import { ProblemError } from "../../../problem.ts";
import { accountPath, accountRefusals, openAccount } from "../../http/account-in-path.ts";
import { accountAccess, accountReadAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody } from "../../http/openapi.ts";

const path = "/v1/accounts/{account}/tripwire";
const suspends = z.enum(SUSPENDS).openapi({
	description:
		"`off`: none, they are told only (`device.tripwire`). `travel`: those that were in two places between which nobody travels in that time, there and back. `any`: also those that went back and forth between networks three times within a day, as a device with two uplinks may",
});

const read = createRoute({
	...accountReadAccess,
	method: "get",
	path,
	operationId: "getTripwire",
	tags: ["Operator"],
	summary: "Which devices are suspended when they are used from two networks at once",
	request: { params: accountPath },
	responses: {
		200: jsonAnswer(z.object({ suspends }).openapi("Tripwire"), "What the account wants"),
		...accountRefusals,
	},
});
const set = createRoute({
	...accountAccess,
	method: "put",
	path,
	operationId: "setTripwire",
	tags: ["Operator"],
	summary: "Say which devices are suspended when they are used from two networks at once",
	description:
		"Counts for what is found from now on. A suspended device keeps what is installed; whoever reinstates it says by that that both networks are its own, and it is told of them no more. Three devices of an account are suspended at once, and one in six hours after that: of more it is told only.",
	request: { params: accountPath, body: jsonBody(z.strictObject({ suspends }).openapi("NewTripwire")) },
	responses: {
		200: jsonAnswer(
			z.object({ suspends, changed: z.boolean() }).openapi("ChangedTripwire"),
			"What the account wants now; `changed` is false where it wanted that before",
		),
		...accountRefusals,
	},
});

export const tripwire = createRouter()
	.openapi(read, async (c) => {
		const { object } = await openAccount(c, c.req.valid("param").account);
		const found = await object.tripwire({ kind: "read" });
		if (found === null) throw new ProblemError("not_found");
		return c.json({ suspends: found.suspends }, 200);
	})
	.openapi(set, async (c) => {
		const { object, by } = await openAccount(c, c.req.valid("param").account);
		const done = await object.tripwire({ ...by, kind: "set", suspends: c.req.valid("json").suspends });
		if (done === null) throw new ProblemError("not_found");
		return c.json(done, 200);
	});
