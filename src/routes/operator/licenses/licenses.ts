// The operator plane of licenses: what an account bought, and what becomes of it.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { mintLicenseId } from "../../../entitlement/ids.ts";
import type { LicenseStatus } from "../../../entitlement/licenses/license.ts";
import type { LicenseInfo } from "../../../objects/account/licenses/license-desk.ts";
import { plainText } from "../../../plain-text.ts";
import { ProblemError } from "../../../problem.ts";
import {
	accountClosed,
	accountPath,
	accountRefusals,
	changeRefusals,
	licensePath,
	openAccount,
	randomBytes,
} from "../../http/account-in-path.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { accountReadAccess, operatorAccess } from "../../http/key-access.ts";
import { requireProducts } from "../../http/known-names.ts";
import { createRouter, jsonAnswer, jsonBody, orNull } from "../../http/openapi.ts";
import { changedLicense, changedTerms, describeLicense, licenseBody, newLicense, newTerms } from "./license-body.ts";
import { describeTransfer, transferBody } from "./license-transfers.ts";

const settledBody = licenseBody.extend({ published: z.boolean() }).openapi("ChangedLicense");
const shownLicense = licenseBody
	.extend({
		seats_promised: z.int().openapi({ description: "Seats kept for those on their way from another license" }),
		transfer: orNull(transferBody).openapi({
			description: "The last one of its seats to another license; null = there was none",
		}),
	})
	.openapi("ShownLicense");

function showLicense(license: LicenseInfo): z.infer<typeof shownLicense> {
	const transfer = license.transfer && describeTransfer(license.transfer);
	return { ...describeLicense(license), seats_promised: license.seatsPromised, transfer };
}

const settled = jsonAnswer(
	settledBody,
	"The license now; `published` is false while a store still waits for the change",
);
const shared = { tags: ["Operator"] };

const create = createRoute({
	...shared,
	...operatorAccess,
	method: "post",
	path: "/v1/accounts/{account}/licenses",
	operationId: "createLicense",
	summary: "Give an account a license",
	request: { params: accountPath, body: jsonBody(newLicense) },
	responses: { 201: jsonAnswer(licenseBody, "Created"), ...changeRefusals },
});

const show = createRoute({
	...shared,
	...accountReadAccess,
	method: "get",
	path: "/v1/accounts/{account}/licenses/{license}",
	operationId: "getLicense",
	summary: "A license, with the seats taken and how far its transfer has come",
	request: { params: licensePath },
	responses: { 200: jsonAnswer(shownLicense, "The license"), ...accountRefusals },
});

const list = createRoute({
	...shared,
	...accountReadAccess,
	method: "get",
	path: "/v1/accounts/{account}/licenses",
	operationId: "listLicenses",
	summary: "Licenses of an account, with the seats taken",
	request: { params: accountPath },
	responses: { 200: jsonAnswer(z.object({ licenses: z.array(shownLicense) }), "All of them"), ...accountRefusals },
});

const change = createRoute({
	...shared,
	...operatorAccess,
	method: "patch",
	path: "/v1/accounts/{account}/licenses/{license}",
	operationId: "changeLicense",
	summary: "Renew a license or change its terms",
	description:
		"What is left out stays: `products` without `product_validity` leaves those that stay with the validity that they have. Fewer seats than are taken: those who have one keep it, new ones wait. Devices follow a change of what they may have within the revocation bound. A license stays `fixed` or `elastic`.",
	request: { params: licensePath, body: jsonBody(changedLicense) },
	responses: { 200: settled, ...changeRefusals },
});

function statusRoute<Action extends string>(action: Action, summary: string) {
	return createRoute({
		...shared,
		...operatorAccess,
		method: "post",
		path: `/v1/accounts/{account}/licenses/{license}/${action}`,
		operationId: `${action}License`,
		summary,
		request: {
			params: licensePath,
			body: jsonBody(
				z.strictObject({ reason: plainText(500).optional().openapi({ description: "Kept in the audit trail" }) }),
			),
		},
		responses: { 200: settled, ...changeRefusals },
	});
}

const suspend = statusRoute("suspend", "Hold a license: its devices get nothing new and keep what is installed");
const reinstate = statusRoute("reinstate", "Let a suspended license count again");
const revoke = statusRoute("revoke", "End a license for good");

export const licenses = createRouter()
	.openapi(create, async (c) => {
		const { object, by } = await openAccount(c, c.req.valid("param").account);
		const wanted = c.req.valid("json");
		const terms = newTerms(wanted, by.now);
		await requireProducts(c.env, "products", wanted.products);
		const result = await object.createLicense({ ...by, id: mintLicenseId(randomBytes()), terms });
		if (!result.ok && result.reason === "account_closed") throw accountClosed();
		if (!result.ok) throw new ProblemError("not_found");
		return c.json(describeLicense(result.license), 201);
	})
	.openapi(list, async (c) => {
		const { object } = await openAccount(c, c.req.valid("param").account);
		const found = await object.listLicenses(c.env.now);
		return c.json({ licenses: found.map(showLicense) }, 200);
	})
	.openapi(show, async (c) => {
		const { account, license } = c.req.valid("param");
		const { object } = await openAccount(c, account);
		const found = await object.license(license, c.env.now);
		if (found === null) throw new ProblemError("not_found");
		return c.json(showLicense(found), 200);
	})
	.openapi(change, async (c) => {
		const { account, license: id } = c.req.valid("param");
		const { object, by } = await openAccount(c, account);
		const wanted = c.req.valid("json");
		await requireProducts(c.env, "products", wanted.products);
		const keepsValidity = wanted.product_validity === undefined;
		const change = { ...by, id, terms: changedTerms(wanted), keepsValidity };
		return c.json(settle(await object.changeLicense(change), wanted), 200);
	})
	.openapi(suspend, async (c) =>
		c.json(await setStatus(c, c.req.valid("param"), "suspended", c.req.valid("json")), 200),
	)
	.openapi(reinstate, async (c) => c.json(await setStatus(c, c.req.valid("param"), "active", c.req.valid("json")), 200))
	.openapi(revoke, async (c) => c.json(await setStatus(c, c.req.valid("param"), "revoked", c.req.valid("json")), 200));

type LicensePath = z.infer<typeof licensePath>;

async function setStatus(c: Context<AppEnv>, path: LicensePath, status: LicenseStatus, given: { reason?: string }) {
	const { object, by } = await openAccount(c, path.account);
	const change = { ...by, id: path.license, status, reason: given.reason ?? "" };
	const settled = settle(await object.setLicenseStatus(change));
	c.env.event.outcome = settled.status;
	return settled;
}

type Settled =
	| { readonly ok: true; readonly license: LicenseInfo; readonly published: boolean }
	| { readonly ok: false; readonly reason: "unknown_license" | "license_revoked" | "bad_terms" };

/** @param given the terms that were to change */
function settle(result: Settled, given: z.infer<typeof changedLicense> = {}): z.infer<typeof settledBody> {
	if (result.ok) return { ...describeLicense(result.license), published: result.published };
	switch (result.reason) {
		case "unknown_license":
			throw new ProblemError("not_found");
		case "license_revoked":
			throw new ProblemError("conflict", { detail: "a revoked license stays revoked; give the account another one" });
		case "bad_terms":
			throw new ProblemError("invalid_request", {
				detail: termRules(given).join(", and "),
			});
	}
}

/** The rules for terms together with those in force, as far as they are about what was given. */
function termRules(given: z.infer<typeof changedLicense>): string[] {
	const { lease_minutes: lease, delay_hours: delay, emergency_delay_hours: emergency, ...others } = given;
	return [
		...(Object.keys(others).length > 0 ? ["license and products must end after they start"] : []),
		...(delay !== undefined || emergency !== undefined ? ["an emergency release waits no longer than another"] : []),
		...(lease !== undefined ? ["only an elastic license has a lease"] : []),
	];
}
