// The devices of an account: which there are, a page at a time or one, and many more at once that an operator vouches for.
import { createRoute, z } from "@hono/zod-openapi";
import { givenLabels } from "../../../content/releases/channel.ts";
import {
	type DeviceLine,
	deviceLine,
	type LineError,
	MAX_LINES,
	readDeviceLine,
} from "../../../entitlement/devices/device-line.ts";
import { isHaGroupId, mintDeviceId } from "../../../entitlement/ids.ts";
import type { LineOutcome } from "../../../objects/account/devices/import-desk.ts";
import { ProblemError } from "../../../problem.ts";
import {
	accountPath,
	accountRefusals,
	changeRefusals,
	isOfAccount,
	openAccount,
	randomBytes,
	unknownAfter,
} from "../../http/account-in-path.ts";
import { changeBy } from "../../http/app-env.ts";
import { devicePath, openDevice } from "../../http/device-in-path.ts";
import { accountAccess, accountReadAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, wholeNumber } from "../../http/openapi.ts";
import { refuseStoresBehind } from "../stores/stores-behind.ts";
import { describeDevice, deviceBody } from "./device-body.ts";
import { deviceFilters, readFilters } from "./device-query.ts";

const DEVICES_PER_PAGE = 1_000;

const list = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/devices",
	operationId: "listDevices",
	tags: ["Operator"],
	summary: "Devices of an account with their state, a page at a time; those alone that all filters fit",
	...accountReadAccess,
	request: {
		params: accountPath,
		query: z.object({
			after: z.string().max(64).optional().openapi({ description: "`next` of the page before" }),
			limit: wholeNumber(1, DEVICES_PER_PAGE)
				.optional()
				.openapi({ description: `${DEVICES_PER_PAGE} if left out, and at most` }),
			...deviceFilters,
		}),
	},
	responses: {
		200: jsonAnswer(
			z.object({ devices: z.array(deviceBody), next: z.string().nullable() }),
			"A page, in the order of their ids; `next` is the `after` of the one after it. With filters a page may be short, or empty, and still have a next one",
		),
		...accountRefusals,
	},
});

const show = createRoute({
	method: "get",
	path: "/v1/devices/{device}",
	operationId: "getDevice",
	tags: ["Operator"],
	summary: "One device",
	...accountReadAccess,
	request: { params: devicePath },
	responses: {
		200: jsonAnswer(deviceBody, "As its account has it now"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found", "rate_limited"),
	},
});

const relabel = createRoute({
	method: "patch",
	path: "/v1/devices/{device}",
	operationId: "relabelDevice",
	tags: ["Operator"],
	summary: "Give a device other labels, by which releases and messages find their audience",
	description: "They take the place of all that it has. A device that activates or is imported again brings its own.",
	...accountAccess,
	request: { params: devicePath, body: jsonBody(z.strictObject({ labels: givenLabels })) },
	responses: {
		200: jsonAnswer(
			z.object({ device: z.string(), labels: z.record(z.string(), z.string()), published: z.boolean() }),
			"What it has now; `published` is false while a store still waits for it",
		),
		...changeRefusals,
	},
});

const lineResult = z
	.object({
		result: z
			.enum(["created", "returned", "moved", "changed", "same", "refused"])
			.openapi({ description: "moved: to another license or HA group; returned: it had been deactivated" }),
		device: z.string().optional(),
		status: z.string().optional().openapi({ description: "Of the device now" }),
		code: z
			.enum([
				...(["malformed", "private_key", "key_unusable", "unknown_license"] as const),
				...(["license_suspended", "license_revoked", "license_expired"] as const),
				...(["unknown_ha_group", "other_license", "ha_group_full"] as const),
				...(["no_seat_left", "serial_taken", "serial_changed", "key_revoked"] as const),
			])
			.optional()
			.openapi({ description: "Why it was refused" }),
		errors: z
			.array(z.object({ field: z.string(), message: z.string() }))
			.optional()
			.openapi({ description: "What is wrong with its form" }),
	})
	.openapi("DeviceLineResult");
type LineResult = z.infer<typeof lineResult>;

const importMany = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/devices",
	operationId: "importDevices",
	tags: ["Operator"],
	summary: "Take over devices whose public keys the operator vouches for",
	description:
		"Each gets its seat, or keeps it, by the rules of an activation, and tokens with its key from then on. A line that is refused does not hold up the others. The same line again is `same`, so a batch may be repeated.",
	...accountAccess,
	request: {
		params: accountPath,
		body: jsonBody(
			z.strictObject({
				devices: z
					.array(z.unknown())
					.min(1)
					.max(MAX_LINES)
					.openapi({
						type: "array",
						items: { $ref: "#/components/schemas/DeviceLine" },
						description: "Anything else than a line is refused in its place, and does not hold up the others",
					}),
			}),
		),
	},
	responses: {
		200: jsonAnswer(
			z.object({
				results: z.array(lineResult),
				waiting: z.int().nonnegative().openapi({ description: "Records on their way to the slowest store" }),
			}),
			"One result per line, in their order",
		),
		...accountRefusals,
		...problems("content_too_large", "unavailable"),
	},
});

export const accountDevices = createRouter()
	.openapi(list, async (c) => {
		const { services, now } = c.env;
		const { id, object } = await openAccount(c, c.req.valid("param").account);
		const { after = "", limit = DEVICES_PER_PAGE, ...filters } = c.req.valid("query");
		if (after !== "" && (isHaGroupId(after) || !(await isOfAccount(c, id, after)))) throw unknownAfter();
		const wanted = await readFilters(filters, now, async () => services.objects.trust().root());
		const page = await object.findDevices({ ...wanted, after, limit, now });
		const devices = await Promise.all(page.devices.map((found) => describeDevice(found, services.lookupKeys, now)));
		return c.json({ devices, next: page.next }, 200);
	})
	.openapi(show, async (c) => {
		const { services, now } = c.env;
		const { id, object } = await openDevice(c.env, c.req.valid("param").device);
		const [found] = (await object.findDevices({ id, after: "", limit: 1, now })).devices;
		if (found === undefined) throw new ProblemError("not_found");
		return c.json(await describeDevice(found, services.lookupKeys, now), 200);
	})
	.openapi(relabel, async (c) => {
		const { id: deviceId, object } = await openDevice(c.env, c.req.valid("param").device);
		const { labels } = c.req.valid("json");
		const result = await object.changeDevice({ ...changeBy(c), deviceId, labels });
		if (!result.ok) throw new ProblemError("not_found");
		c.env.event.outcome = result.changed ? "changed" : "same";
		return c.json({ device: deviceId, labels, published: result.published }, 200);
	})
	.openapi(importMany, async (c) => {
		const { services, event } = c.env;
		const { id: account, object, by } = await openAccount(c, c.req.valid("param").account);
		const read = await Promise.all(c.req.valid("json").devices.map(readDeviceLine));
		const candidate = async (line: DeviceLine) => ({
			...line,
			candidateDeviceId: await mintDeviceId(services.lookupKeys, account, randomBytes()),
		});
		const devices = await Promise.all(read.flatMap((one) => (one.ok ? [candidate(one.line)] : [])));
		const outcome = await object.importDevices({ ...by, devices });
		if (!outcome.ok) {
			if (outcome.reason === "unknown_account") throw new ProblemError("not_found");
			return refuseStoresBehind(c.env);
		}
		event.outcome = "imported";
		const outcomes = outcome.lines.values();
		const results = read.map((one) => (one.ok ? resultOf(outcomes.next().value) : refused(one.reason, one.errors)));
		return c.json({ results, waiting: outcome.waiting }, 200);
	});
// Made anew, because a schema can be described only if it was made after zod was taught that, and rules know nothing of it.
accountDevices.openAPIRegistry.register("DeviceLine", z.strictObject(deviceLine.shape));

function resultOf(outcome: LineOutcome | undefined): LineResult {
	if (outcome === undefined) throw new Error("a line without an outcome");
	if (!outcome.ok) return refused(outcome.reason);
	const { kind, deviceId, status } = outcome;
	return { result: kind === "new" ? "created" : kind, device: deviceId, status };
}

function refused(code: NonNullable<LineResult["code"]>, errors?: readonly LineError[]): LineResult {
	return { result: "refused", code, ...(errors && { errors: [...errors] }) };
}
