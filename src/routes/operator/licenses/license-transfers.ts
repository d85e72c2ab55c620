// The operator plane of transfers: the seats of a license go over to another one of the account, and how far they have come.
import { createRoute, z } from "@hono/zod-openapi";
import { isLicenseId } from "../../../entitlement/ids.ts";
import type { TransferInfo } from "../../../objects/account/licenses/license-transfer.ts";
import { ProblemError } from "../../../problem.ts";
import { changeRefusals, licensePath, openAccount } from "../../http/account-in-path.ts";
import { operatorAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, timestamp, toTimestamp } from "../../http/openapi.ts";

export const transferBody = z
	.object({
		from: z.string(),
		to: z.string(),
		state: z.enum(["running", "done", "stopped"]).openapi({
			description: "`stopped`: the other license was revoked before all seats had gone over, and the rest stays",
		}),
		moved: z.int().openapi({ description: "Seats that have gone over" }),
		remaining: z.int().openapi({ description: "Seats that are still to" }),
		begun_by: z.string(),
		started_at: timestamp,
		ended_at: timestamp.nullable(),
	})
	.openapi("LicenseTransfer");

export function describeTransfer(transfer: TransferInfo): z.infer<typeof transferBody> {
	const { from, to, moved, remaining, actor, startedAt, endedAt, isStopped } = transfer;
	const ended = isStopped ? "stopped" : "done";
	return {
		...{ from, to, state: endedAt === null ? "running" : ended, moved, remaining },
		begun_by: actor,
		started_at: toTimestamp(startedAt),
		ended_at: endedAt === null ? null : toTimestamp(endedAt),
	};
}

const begunBody = transferBody.extend({ published: z.boolean() }).openapi("BegunTransfer");

const transfer = createRoute({
	tags: ["Operator"],
	...operatorAccess,
	method: "post",
	path: "/v1/accounts/{account}/licenses/{license}/transfer",
	operationId: "transferDevices",
	summary: "Move all devices of a license to another one of the account",
	description:
		"All that hold a seat or, where the other license has too few seats left, none. The seats of a large license go over in pages behind the answer (202); `transfer` of the license says how far they have come. Until then each device has what one license or the other grants, the other license keeps the seats that it has promised, and a device that gets a seat of the license that is left follows the others. The same request again joins a transfer that runs; another one in the account waits (409). Revoking the license that is left does not end a transfer, revoking the other one does.",
	request: { params: licensePath, body: jsonBody(z.strictObject({ to: z.string().refine(isLicenseId) })) },
	responses: {
		200: jsonAnswer(begunBody, "All have moved; `published` is false while a store still waits for the change"),
		202: jsonAnswer(begunBody, "They go over now"),
		...changeRefusals,
	},
});

export const licenseTransfers = createRouter().openapi(transfer, async (c) => {
	const { account, license: id } = c.req.valid("param");
	const { object, by } = await openAccount(c, account);
	const result = await object.transferLicense({ ...by, id, to: c.req.valid("json").to });
	if (result.ok) {
		const told = describeTransfer(result.transfer);
		c.env.event.outcome = told.state;
		return told.state === "running"
			? c.json({ ...told, published: false }, 202)
			: c.json({ ...told, published: result.published }, 200);
	}
	switch (result.reason) {
		case "unknown_license":
			throw new ProblemError("not_found");
		case "license_revoked":
			throw new ProblemError("conflict", { detail: "no device can move to a revoked license" });
		case "no_seat_left":
			throw new ProblemError("conflict", { detail: "the other license has too few seats left for all of them" });
		case "transfer_running":
			throw new ProblemError("conflict", {
				detail: "seats of the account go over to a license already; begin another transfer when that one has ended",
			});
	}
});
