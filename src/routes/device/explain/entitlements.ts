// What a firewall may have, by the record rather than by its token: the answer to "why do I get nothing?". Always 200 for a
// device that is let in: that it may have nothing is an answer, not an error.
import { createRoute, z } from "@hono/zod-openapi";
import { entitledTo, productsOf } from "../../../content/heads-record.ts";
import { DECISIONS, decideEntitlement, type Entitlement } from "../../../entitlement/decide.ts";
import { DECISION_CODES, PASS_CODES, REFUSAL_CODES } from "../../../entitlement/decision-codes.ts";
import type { DeviceRecord } from "../../../entitlement/devices/device-record.ts";
import { productName } from "../../../names.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import type { DeviceCaller } from "../../http/app-env.ts";
import { requireDevice } from "../../http/authenticate.ts";
import {
	createRouter,
	degradedMarks,
	jsonAnswer,
	markDegraded,
	problems,
	timestamp,
	toTimestampOrNull,
} from "../../http/openapi.ts";

export const decision = z.enum(DECISIONS);
export const decisionCode = z
	.enum([...PASS_CODES, ...REFUSAL_CODES])
	.openapi({ description: "See docs/entitlement-codes.md" });
export const entitlementBody = z
	.object({
		product: z.string(),
		decision,
		code: decisionCode,
		title: z.string(),
		fix: z.string(),
		from: timestamp.nullable(),
		until: timestamp.nullable(),
		grace_until: timestamp.nullable().openapi({ description: "Until then every update still comes" }),
		critical_until: timestamp.nullable().openapi({ description: "Until then emergency releases still come" }),
		changes_at: timestamp.nullable().openapi({ description: "When the answer changes if nothing but time passes" }),
	})
	.openapi("Entitlement");

const whose = {
	device: z.string(),
	account: z.string(),
	license: z.string(),
	status: z.string(),
	...degradedMarks,
};
const access = {
	tags: ["Device"],
	security: [{ accessToken: [] }],
	middleware: requireDevice,
};

const list = createRoute({
	...access,
	method: "get",
	path: "/v1/entitlements",
	operationId: "listEntitlements",
	summary: "What this firewall may have: what its license covers, and what every registered device may have",
	responses: {
		200: jsonAnswer(
			z.object({ ...whose, products: z.array(entitlementBody) }).openapi("Entitlements"),
			"Every product of the license, and those for every registered device",
		),
		...problems("unauthenticated", "device_refused"),
	},
});

const one = createRoute({
	...access,
	method: "get",
	path: "/v1/entitlements/{product}",
	operationId: "getEntitlement",
	summary: "Whether this firewall may have one product, and why",
	request: { params: z.object({ product: productName }) },
	responses: {
		200: jsonAnswer(entitlementBody.extend(whose).openapi("ProductEntitlement"), "Yes or no, with the reason"),
		...problems("unauthenticated", "device_refused", "invalid_identifier"),
	},
});

export const entitlements = createRouter()
	.openapi(list, async (c) => {
		const device = await readDevice(c.env, c.var.caller);
		const { heads } = c.var.caller.view;
		const products = productsOf(heads, device.grants).map((product) =>
			describeEntitlement(product, decideEntitlement(device, product, c.env.now, entitledTo(heads, product))),
		);
		return c.json({ ...describeDevice(device, c.env), products }, 200);
	})
	.openapi(one, async (c) => {
		const device = await readDevice(c.env, c.var.caller);
		const { product } = c.req.valid("param");
		const entitled = entitledTo(c.var.caller.view.heads, product);
		const answer = describeEntitlement(product, decideEntitlement(device, product, c.env.now, entitled));
		return c.json({ ...describeDevice(device, c.env), ...answer }, 200);
	});

async function readDevice(scope: RequestScope, { profile, view }: DeviceCaller): Promise<DeviceRecord> {
	const device = await scope.services.records.device(profile.id, view, scope);
	if (device === null) throw new ProblemError("device_refused");
	return device;
}

/** To be called after the reads that the answer rests on. */
function describeDevice(device: DeviceRecord, scope: RequestScope) {
	return {
		device: device.id,
		account: device.account,
		license: device.license,
		status: device.status,
		...markDegraded(scope.degradedAsOf()),
	};
}

/** An entitlement as every answer has it, with what its code means. */
export function describeEntitlement(
	product: string,
	{ decision, code, grant, holdsUntil }: Entitlement,
): z.infer<typeof entitlementBody> {
	const graceUntil = grant && grant.until + grant.grace;
	return {
		product,
		decision,
		code,
		...DECISION_CODES[code],
		from: toTimestampOrNull(grant?.from),
		until: toTimestampOrNull(grant?.until),
		grace_until: toTimestampOrNull(graceUntil),
		critical_until: toTimestampOrNull(grant && graceUntil && graceUntil + grant.critical),
		changes_at: toTimestampOrNull(holdsUntil),
	};
}
