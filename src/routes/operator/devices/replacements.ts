// An operator has a dead firewall replaced by another appliance (RMA): one call, and at most one auth code.

import { createRoute, z } from "@hono/zod-openapi";
import { CODE_LIFETIME_SECONDS } from "../../../entitlement/devices/activation.ts";
import { deviceStatus } from "../../../entitlement/devices/device-record.ts";
import { formatCode, mintCode, mintCodeId } from "../../../entitlement/ids.ts";
import { modelName, serialNumber } from "../../../names.ts";
import type { ReplacementResult } from "../../../objects/account/devices/replacement-desk.ts";
import { plainText } from "../../../plain-text.ts";
import { ProblemError } from "../../../problem.ts";
import { hashSecret } from "../../../signing/keys/lookup-keys.ts";
import { changeRefusals, randomBytes } from "../../http/account-in-path.ts";
import { changeBy } from "../../http/app-env.ts";
import { devicePath, openDevice } from "../../http/device-in-path.ts";
import { accountAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, timestamp, toTimestampOrNull } from "../../http/openapi.ts";

const replacementBody = z
	.object({
		device: z.string(),
		status: deviceStatus,
		replaced_by: z.string().nullable().openapi({ description: "What has its place now; null = the code waits for it" }),
		code: z.string().nullable().openapi({ description: "With which the new appliance activates; shown this once" }),
		code_id: z.string().nullable(),
		expires_at: timestamp.nullable().openapi({ description: "Of the code" }),
		published: z.boolean(),
	})
	.openapi("Replacement");

const replace = createRoute({
	method: "post",
	path: "/v1/devices/{device}/replacement",
	operationId: "replaceDevice",
	tags: ["Operator"],
	summary: "Replace a dead firewall: its seat, license, labels and HA group go to another appliance",
	description:
		"`serial` and `model` are those of the new appliance; after a factory reset its serial number is the same. The device is refused at once and keeps its seat for the other one, which takes its place when it activates with the code. One that is there already under that serial number takes it now. Asked again: another code, the earlier one is revoked; or `replaced_by`. Reinstating the device calls it off.",
	...accountAccess,
	request: {
		params: devicePath,
		body: jsonBody(
			z
				.strictObject({
					serial: serialNumber,
					model: modelName.optional().openapi({ description: "Of the new appliance; any, if left out" }),
					reason: plainText(300).optional().openapi({ description: "Kept in the audit trail" }),
				})
				.openapi("NewReplacement"),
		),
	},
	responses: {
		200: jsonAnswer(replacementBody, "The other appliance has its place"),
		201: jsonAnswer(replacementBody, "A code waits for the other appliance"),
		...changeRefusals,
	},
});

export const replacements = createRouter().openapi(replace, async (c) => {
	const { services, event, now } = c.env;
	const device = await openDevice(c.env, c.req.valid("param").device);
	const { serial, model = null, reason = "" } = c.req.valid("json");
	const code = await mintCode(services.lookupKeys, device.id, randomBytes());
	const hash = await hashSecret(services.lookupKeys, "code", code);
	const result = await device.object.replaceDevice({
		...{ ...changeBy(c), deviceId: device.id, serial, model, reason },
		code: { id: mintCodeId(randomBytes()), hash, expiresAt: now + CODE_LIFETIME_SECONDS },
	});
	if (!result.ok) refuse(result);
	event.outcome = result.code === null ? "replaced" : "awaited";
	const answer = {
		device: device.id,
		status: result.device.status,
		replaced_by: result.device.replacedBy,
		code: result.code && formatCode(code),
		code_id: result.code?.id ?? null,
		expires_at: toTimestampOrNull(result.code?.expiresAt),
		published: result.published,
	};
	return result.code === null ? c.json(answer, 200) : c.json(answer, 201);
});

function refuse(refusal: ReplacementResult & { ok: false }): never {
	if (refusal.reason === "unknown_device") throw new ProblemError("not_found");
	const { by } = refusal;
	switch (refusal.reason) {
		case "already_replaced":
			throw conflict(`${by} has its place already; replace that one`);
		case "successor_suspended":
			throw conflict(`${by} has that serial number and is suspended; reinstate or revoke it first`);
		case "other_model":
			throw conflict(`${by} has that serial number and is of another model`);
		case "no_seat_left":
			throw conflict("the device has no seat any more, and every seat of its license is taken");
		case "license_suspended":
		case "license_revoked":
		case "license_expired":
			throw conflict("the device has no seat any more, and its license gives no new one now");
		case "ha_group_full":
		case "serial_taken":
		case "serial_changed":
		case "key_revoked":
			throw conflict(`${by} cannot take its place (${refusal.reason})`);
	}
}

function conflict(detail: string): ProblemError {
	return new ProblemError("conflict", { detail });
}
