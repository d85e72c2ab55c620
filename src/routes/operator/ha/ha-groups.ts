// The operator plane of HA groups: firewalls that protect the same place, and share one seat.
import { createRoute, z } from "@hono/zod-openapi";
import { MAX_HA_MEMBERS } from "../../../entitlement/ha/ha-group.ts";
import { isHaGroupId, mintHaGroupId } from "../../../entitlement/ids.ts";
import { productName } from "../../../names.ts";
import type { HaGroupResult } from "../../../objects/account/ha/ha-desk.ts";
import type { Settled } from "../../../objects/account/settled-change.ts";
import { plainText } from "../../../plain-text.ts";
import { ProblemError } from "../../../problem.ts";
import {
	accountPath,
	accountRefusals,
	changeRefusals,
	isOfAccount,
	nextAfter,
	openAccount,
	randomBytes,
	unknownAfter,
} from "../../http/account-in-path.ts";
import { accountAccess, accountReadAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody } from "../../http/openapi.ts";
import {
	changedHaSettings,
	changedSettings,
	describeHaGroup,
	haGroupBody,
	newHaGroup,
	newSettings,
	settledHaGroupBody,
} from "./ha-group-body.ts";

const GROUPS_PER_PAGE = 100;
const groupPath = accountPath.extend({ group: z.string().refine(isHaGroupId, "an HA group looks like hag-…-…") });
const memberPath = groupPath.extend({ device: z.string().max(64) });
const settled = jsonAnswer(
	settledHaGroupBody,
	"The group now; `published` is false while a store still waits for the change",
);
const shared = { tags: ["Operator"] };

const create = createRoute({
	...shared,
	...accountAccess,
	method: "post",
	path: "/v1/accounts/{account}/ha-groups",
	operationId: "createHaGroup",
	summary: "Make an HA group: firewalls that share one seat of a license",
	request: {
		params: accountPath,
		body: jsonBody(newHaGroup),
	},
	responses: { 201: jsonAnswer(settledHaGroupBody, "Made"), ...changeRefusals },
});
const list = createRoute({
	...shared,
	...accountReadAccess,
	method: "get",
	path: "/v1/accounts/{account}/ha-groups",
	operationId: "listHaGroups",
	summary: "HA groups of an account, a page at a time",
	request: { params: accountPath, query: z.object({ after: z.string().max(64).optional() }) },
	responses: {
		200: jsonAnswer(
			z.object({ ha_groups: z.array(haGroupBody), next: z.string().nullable() }),
			"A page; `next` is the `after` of the one after it",
		),
		...accountRefusals,
	},
});
const read = createRoute({
	...shared,
	...accountReadAccess,
	method: "get",
	path: "/v1/accounts/{account}/ha-groups/{group}",
	operationId: "getHaGroup",
	summary: "An HA group, its devices and its seat",
	request: { params: groupPath },
	responses: { 200: jsonAnswer(haGroupBody, "The group"), ...accountRefusals },
});
const change = createRoute({
	...shared,
	...accountAccess,
	method: "patch",
	path: "/v1/accounts/{account}/ha-groups/{group}",
	operationId: "changeHaGroup",
	summary: "Change the name, mode or skew limit of an HA group",
	description: "What is left out stays. Its license changes when that is transferred.",
	request: {
		params: groupPath,
		body: jsonBody(changedHaSettings),
	},
	responses: { 200: settled, ...changeRefusals },
});
const remove = createRoute({
	...shared,
	...accountAccess,
	method: "delete",
	path: "/v1/accounts/{account}/ha-groups/{group}",
	operationId: "removeHaGroup",
	summary: "Remove an HA group; each of its devices takes a seat of its own",
	description: "All of them or, where the license has too few seats left, none. Auth codes for it are revoked.",
	request: { params: groupPath },
	responses: { 204: { description: "Removed" }, ...changeRefusals },
});
const membershipBody = haGroupBody
	.extend({
		published: z.boolean(),
		changed: z.boolean().openapi({ description: "`false`: it had been so before" }),
	})
	.openapi("HaMembership");
const membership = jsonAnswer(membershipBody, "The group as it is now");
const join = createRoute({
	...shared,
	...accountAccess,
	method: "put",
	path: "/v1/accounts/{account}/ha-groups/{group}/devices/{device}",
	operationId: "joinHaGroup",
	summary: "Let a firewall join an HA group: it gives up its own seat and shares the group's",
	request: { params: memberPath },
	responses: { 200: membership, ...changeRefusals },
});
const leave = createRoute({
	...shared,
	...accountAccess,
	method: "delete",
	path: "/v1/accounts/{account}/ha-groups/{group}/devices/{device}",
	operationId: "leaveHaGroup",
	summary: "Let a firewall leave its HA group: it takes a seat of its own, the last one keeps the group's",
	request: { params: memberPath },
	responses: { 200: membership, ...changeRefusals },
});

const unlock = createRoute({
	...shared,
	...accountAccess,
	method: "post",
	path: "/v1/accounts/{account}/ha-groups/{group}/unlock",
	operationId: "unlockHaGroup",
	summary: "Let an HA group go on with an update that one of its devices holds up",
	description:
		"The version that is held up may come to the devices in whatever order, and permits that are open, failed or fell silent are forgotten: look at the device first. One at a time still.",
	request: {
		params: groupPath,
		body: jsonBody(z.strictObject({ product: productName, reason: plainText(300).min(1) })),
	},
	responses: { 200: membership, ...changeRefusals },
});

export const haGroups = createRouter()
	.openapi(create, async (c) => {
		const { id: account, object, by } = await openAccount(c, c.req.valid("param").account);
		const id = mintHaGroupId(account, randomBytes());
		return c.json(
			settle(await object.changeHaGroup({ kind: "create", ...by, id, ...newSettings(c.req.valid("json")) })),
			201,
		);
	})
	.openapi(list, async (c) => {
		const { id, object } = await openAccount(c, c.req.valid("param").account);
		const { after = "" } = c.req.valid("query");
		if (after !== "" && !(isHaGroupId(after) && (await isOfAccount(c, id, after)))) throw unknownAfter();
		const found = await object.listHaGroups(after, GROUPS_PER_PAGE, c.env.now);
		const next = nextAfter(found, GROUPS_PER_PAGE, ({ id }) => id);
		return c.json({ ha_groups: found.map(describeHaGroup), next }, 200);
	})
	.openapi(read, async (c) => {
		const { account, group } = c.req.valid("param");
		const { object } = await openAccount(c, account);
		const found = await object.haGroup(group, c.env.now);
		if (found === null) throw new ProblemError("not_found");
		return c.json(describeHaGroup(found), 200);
	})
	.openapi(change, async (c) => {
		const { account, group: id } = c.req.valid("param");
		const { object, by } = await openAccount(c, account);
		const settings = changedSettings(c.req.valid("json"));
		return c.json(settle(await object.changeHaGroup({ kind: "change", ...by, id, settings })), 200);
	})
	.openapi(remove, async (c) => {
		const { account, group: id } = c.req.valid("param");
		const { object, by } = await openAccount(c, account);
		settle(await object.changeHaGroup({ kind: "delete", ...by, id }));
		return c.body(null, 204);
	})
	.openapi(join, async (c) => {
		const { account, group: id, device: deviceId } = c.req.valid("param");
		const { object, by } = await openAccount(c, account);
		return c.json(settleMembership(await object.changeHaGroup({ kind: "join", ...by, id, deviceId })), 200);
	})
	.openapi(leave, async (c) => {
		const { account, group: id, device: deviceId } = c.req.valid("param");
		const { object, by } = await openAccount(c, account);
		return c.json(settleMembership(await object.changeHaGroup({ kind: "leave", ...by, id, deviceId })), 200);
	})
	.openapi(unlock, async (c) => {
		const { account, group: id } = c.req.valid("param");
		const { object, by } = await openAccount(c, account);
		return c.json(
			settleMembership(await object.changeHaGroup({ kind: "unlock", ...by, id, ...c.req.valid("json") })),
			200,
		);
	});

/** @throws ProblemError where the account's object refuses */
function settleMembership(result: Settled<HaGroupResult>): z.infer<typeof membershipBody> {
	return { ...settle(result), changed: result.ok && result.changed };
}

/** @throws ProblemError where the account's object refuses */
function settle(result: Settled<HaGroupResult>): z.infer<typeof settledHaGroupBody> {
	if (!result.ok) return refuse(result);
	return { ...describeHaGroup(result.group), published: result.published };
}

function refuse(refusal: HaGroupResult & { ok: false }): never {
	const conflict = (detail: string) => new ProblemError("conflict", { detail });
	switch (refusal.reason) {
		// One answer, so that which accounts there are is not to be told from it.
		case "unknown_account":
		case "unknown_ha_group":
		case "unknown_license":
			throw new ProblemError("not_found", { detail: "the account has no such license or HA group" });
		case "unknown_device":
			throw new ProblemError("not_found", { detail: "the account has no such device" });
		case "id_taken":
			throw new ProblemError("already_exists");
		case "no_seat_left":
			throw conflict(
				"the license has too few seats left for a seat of its own each; add seats, or deactivate a device",
			);
		case "device_revoked":
			throw conflict(
				`${refusal.deviceId} is revoked for good; activate the appliance with a new key and a code of the group`,
			);
		case "device_deactivated":
			throw conflict(`${refusal.deviceId} is deactivated; it joins by activating with a code of the group`);
		case "other_license":
			throw conflict(
				`${refusal.deviceId} is under another license than the group; activate it with a code of the group, or transfer its license`,
			);
		case "other_group":
			throw conflict(`${refusal.deviceId} is in another HA group; remove it there first`);
		case "ha_group_full":
			throw conflict(`an HA group has at most ${MAX_HA_MEMBERS} devices; remove one first`);
	}
}
