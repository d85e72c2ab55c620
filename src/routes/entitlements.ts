// What a firewall may have, by the record rather than by its token: the answer to "why do I get nothing?".
import { createRoute, z } from "@hono/zod-openapi";
import { decideEntitlement } from "../entitlement/decide.ts";
import { ProblemError } from "../problem.ts";
import { requireDevice } from "./authenticate.ts";
import { createRouter, degradedMarks, jsonAnswer, markDegraded, problems, timestamp, toTimestamp } from "./openapi.ts";

const body = z
	.object({
		device: z.string(),
		account: z.string(),
		status: z.string(),
		...degradedMarks,
		products: z.array(
			z.object({
				product: z.string(),
				decision: z.enum(["active", "grace", "refused"]),
				code: z.string(),
				from: timestamp,
				until: timestamp,
				grace_until: timestamp,
			}),
		),
	})
	.openapi("Entitlements");

const route = createRoute({
	method: "get",
	path: "/v1/entitlements",
	tags: ["Device"],
	summary: "What this firewall's license covers",
	security: [{ accessToken: [] }],
	middleware: requireDevice,
	responses: {
		200: jsonAnswer(body, "Every product of the license"),
		...problems("unauthenticated", "device_refused"),
	},
});

export const entitlements = createRouter().openapi(route, async (c) => {
	const scope = c.env;
	const { caller } = c.var;
	const device = await scope.services.records.device(caller.profile.id, scope);
	if (device === null) throw new ProblemError("device_refused");
	return c.json(
		{
			device: device.id,
			account: device.account,
			status: device.status,
			...markDegraded(scope.degradedAsOf()),
			products: Object.entries(device.grants).map(([product, grant]) => {
				const { decision, code } = decideEntitlement(device, product, scope.now);
				return {
					product,
					decision,
					code,
					from: toTimestamp(grant.from),
					until: toTimestamp(grant.until),
					grace_until: toTimestamp(grant.until + grant.grace),
				};
			}),
		},
		200,
	);
});
