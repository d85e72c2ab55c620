// The operator plane of auth codes: made here, shown once, stored only as a keyed hash.
import { createRoute, z } from "@hono/zod-openapi";
import { CODE_LIFETIME_SECONDS } from "../../../entitlement/devices/activation.ts";
import { formatCode, isCodeId, isHaGroupId, mintCode, mintCodeId } from "../../../entitlement/ids.ts";
import { instanceName, modelName, serialNumber } from "../../../names.ts";
import type { Code } from "../../../objects/account/licenses/license-tables.ts";
import { ProblemError } from "../../../problem.ts";
import { hashSecret } from "../../../signing/keys/lookup-keys.ts";
import {
	accountClosed,
	accountPath,
	accountRefusals,
	nextAfter,
	openAccount,
	randomBytes,
	unknownAfter,
} from "../../http/account-in-path.ts";
import { accountAccess, accountReadAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toSeconds, toTimestamp } from "../../http/openapi.ts";

const CODES_PER_PAGE = 1_000;

const codeBody = z
	.object({
		id: z.string(),
		license: z.string(),
		uses: z.int(),
		used: z.int(),
		expires_at: timestamp,
		serial: z.string().nullable().openapi({ description: "The one serial number that may use it" }),
		model: z.string().nullable().openapi({ description: "The one model that may use it" }),
		ha_group: z.string().nullable().openapi({ description: "The HA group that its devices join" }),
		instance: z.string().nullable().openapi({ description: "The one instance whose device may use it" }),
		replaces: z.string().nullable().openapi({ description: "The device whose place its device takes" }),
		revoked: z.boolean(),
	})
	.openapi("AuthCode");

const createCode = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/codes",
	operationId: "createCode",
	tags: ["Operator"],
	summary: "Make an auth code with which devices activate under a license",
	...accountAccess,
	request: {
		params: accountPath,
		body: jsonBody(
			z
				.strictObject({
					license: z.string().max(64).optional().openapi({ description: "May be left out with `ha_group`" }),
					ha_group: z
						.string()
						.refine(isHaGroupId, "an HA group looks like hag-…-…")
						.optional()
						.openapi({ description: "Its devices join this HA group, and share its license and its seat" }),
					uses: z
						.int()
						.min(1)
						.max(1_000_000)
						.optional()
						.openapi({ description: "Devices it may activate; 1 if left out" }),
					expires_at: timestamp.optional().openapi({ description: "30 days from now, if left out" }),
					serial: serialNumber.optional().openapi({ description: "Only an appliance with this serial number" }),
					model: modelName.optional().openapi({ description: "Only appliances of this model" }),
					instance: instanceName.optional().openapi({
						description: "Only a device whose label `instance_id` or whose serial number is this",
					}),
				})
				.openapi("NewAuthCode"),
		),
	},
	responses: {
		201: jsonAnswer(codeBody.extend({ code: z.string() }), "The code is shown this once"),
		...accountRefusals,
		...problems("conflict"),
	},
});
const listCodes = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/codes",
	operationId: "listCodes",
	tags: ["Operator"],
	summary: "Auth codes of an account, without the codes themselves, a page at a time",
	...accountReadAccess,
	request: { params: accountPath, query: z.object({ after: z.string().max(64).optional() }) },
	responses: {
		200: jsonAnswer(
			z.object({ codes: z.array(codeBody), next: z.string().nullable() }),
			"A page, in the order in which they were made; `next` is the `after` of the one after it",
		),
		...accountRefusals,
	},
});

const revokeCode = createRoute({
	method: "delete",
	path: "/v1/accounts/{account}/codes/{code}",
	operationId: "revokeCode",
	tags: ["Operator"],
	summary: "Revoke an auth code; devices that it has activated stay",
	...accountAccess,
	request: { params: accountPath.extend({ code: z.string().refine(isCodeId, "not the id of a code") }) },
	responses: { 204: { description: "Revoked" }, ...accountRefusals },
});

export const codes = createRouter()
	.openapi(createCode, async (c) => {
		const { services, now } = c.env;
		const account = await openAccount(c, c.req.valid("param").account);
		const { license = null, ha_group = null, uses = 1, expires_at, ...only } = c.req.valid("json");
		if (license === null && ha_group === null) {
			throw new ProblemError("invalid_request", { detail: "name the license, or the HA group, that the code is for" });
		}
		const { serial = null, model = null, instance = null } = only;
		const bounds = { license, haGroup: ha_group, uses, serial, model, instance };
		const expiresAt = expires_at === undefined ? now + CODE_LIFETIME_SECONDS : toSeconds(expires_at);
		if (expiresAt <= now) throw new ProblemError("invalid_request", { detail: "expires_at must be in the future" });
		const code = await mintCode(services.lookupKeys, account.id, randomBytes());
		const hash = await hashSecret(services.lookupKeys, "code", code);
		const wanted = { id: mintCodeId(randomBytes()), hash, expiresAt, ...bounds };
		const result = await account.object.createCode({ ...account.by, ...wanted });
		if (!result.ok) refuse(result.reason);
		return c.json({ code: formatCode(code), ...describeCode(result.code) }, 201);
	})
	.openapi(listCodes, async (c) => {
		const { object } = await openAccount(c, c.req.valid("param").account);
		const stored = await object.listCodes(c.req.valid("query").after, CODES_PER_PAGE);
		if (stored === null) throw unknownAfter();
		const next = nextAfter(stored, CODES_PER_PAGE, ({ id }) => id);
		return c.json({ codes: stored.map(describeCode), next }, 200);
	})
	.openapi(revokeCode, async (c) => {
		const { account, code: id } = c.req.valid("param");
		const { object, by } = await openAccount(c, account);
		const result = await object.revokeCode({ ...by, id });
		if (!result.ok) throw new ProblemError("not_found");
		return c.body(null, 204);
	});

type Refusal =
	| "unknown_account"
	| "unknown_license"
	| "unknown_ha_group"
	| "other_license"
	| "account_closed"
	| "id_taken";

function refuse(reason: Refusal): never {
	if (reason === "account_closed") throw accountClosed();
	if (reason === "other_license") {
		throw new ProblemError("conflict", { detail: "the HA group is under another license; leave the license out" });
	}
	throw new ProblemError("not_found", { detail: "the account has no such license or HA group" });
}

function describeCode({ createdAt: _, expiresAt, haGroup, ...code }: Code): z.infer<typeof codeBody> {
	return { ...code, expires_at: toTimestamp(expiresAt), ha_group: haGroup };
}
