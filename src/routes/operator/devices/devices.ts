// What an operator does to one device: suspend, reinstate, revoke.

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import { plainText } from "../../../plain-text.ts";
import { ProblemError } from "../../../problem.ts";
import { changeRefusals } from "../../http/account-in-path.ts";
import { type AppEnv, changeBy } from "../../http/app-env.ts";
import { devicePath, openDevice } from "../../http/device-in-path.ts";
import { accountAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody } from "../../http/openapi.ts";

const statusBody = z
	.object({
		device: z.string(),
		status: z.enum(["active", "suspended", "revoked", "deactivated"]),
		published: z.boolean(),
	})
	.openapi("DeviceStatus");

function statusRoute<Action extends string>(action: Action, summary: string) {
	return createRoute({
		method: "post",
		path: `/v1/devices/{device}/${action}`,
		operationId: `${action}Device`,
		tags: ["Operator"],
		summary,
		...accountAccess,
		request: {
			params: devicePath,
			body: jsonBody(
				z.strictObject({ reason: plainText(500).optional().openapi({ description: "Kept in the audit trail" }) }),
			),
		},
		responses: {
			200: jsonAnswer(statusBody, "The device's status now; `published` is false while a store still waits for it"),
			...changeRefusals,
		},
	});
}

const suspend = statusRoute(
	"suspend",
	"Refuse a device until it is reinstated; it keeps its seat and what it has installed",
);
const reinstate = statusRoute("reinstate", "Let a suspended device update again");
const revoke = statusRoute("revoke", "Refuse a device for good and free its seat");

export const devices = createRouter()
	.openapi(suspend, async (c) => {
		return c.json(await changeStatus(c, c.req.valid("param").device, "suspended", c.req.valid("json").reason), 200);
	})
	.openapi(reinstate, async (c) => {
		return c.json(await changeStatus(c, c.req.valid("param").device, "active", c.req.valid("json").reason), 200);
	})
	.openapi(revoke, async (c) => {
		return c.json(await changeStatus(c, c.req.valid("param").device, "revoked", c.req.valid("json").reason), 200);
	});

async function changeStatus(
	c: Context<AppEnv>,
	text: string,
	wanted: Exclude<DeviceStatus, "deactivated">,
	reason: string | undefined,
) {
	const { id: deviceId, object } = await openDevice(c.env, text);
	const change = { ...changeBy(c), deviceId, status: wanted, reason: reason ?? "" };
	const result = await object.setDeviceStatus(change);
	if (!result.ok) {
		switch (result.reason) {
			case "unknown_device":
				throw new ProblemError("not_found");
			case "device_revoked":
				throw new ProblemError("conflict", {
					detail: "a revoked device stays revoked; activate the appliance with a new key",
				});
			case "device_suspended":
			case "device_deactivated":
				throw new ProblemError("conflict", { detail: "a deactivated device comes back by activating again" });
		}
	}
	c.env.event.outcome = result.device.status;
	return { device: deviceId, status: result.device.status, published: result.published };
}
