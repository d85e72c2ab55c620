// The operator plane of licenses: what an account bought.
import { createRoute, z } from "@hono/zod-openapi";
import { productName } from "../content/names.ts";
import { mintLicenseId } from "../entitlement/ids.ts";
import { MAX_PRODUCTS } from "../entitlement/license.ts";
import type { LicenseInfo } from "../objects/account.ts";
import { ProblemError } from "../problem.ts";
import { accountPath, accountRefusals, randomBytes, readAccount } from "./account-in-path.ts";
import { operatorAccess } from "./authenticate.ts";
import { createRouter, jsonAnswer, jsonBody, timestamp, toSeconds, toTimestamp } from "./openapi.ts";

const DAY = 86_400;
const HOUR = 3600;

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

const createLicense = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/licenses",
	tags: ["Operator"],
	summary: "Give an account a license",
	...operatorAccess,
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
	responses: { 201: jsonAnswer(licenseBody, "Created"), ...accountRefusals },
});
const listLicenses = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/licenses",
	tags: ["Operator"],
	summary: "Licenses of an account, with the seats taken",
	...operatorAccess,
	request: { params: accountPath },
	responses: { 200: jsonAnswer(z.object({ licenses: z.array(licenseBody) }), "All of them"), ...accountRefusals },
});

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

export const licenses = createRouter()
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
	});
