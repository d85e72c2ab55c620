// Devices of all accounts by their serial number: the index names them (objects/serials), their accounts say what they are now.
import { createRoute, z } from "@hono/zod-openapi";
import { hashSerial } from "../../../entitlement/devices/serial-hash.ts";
import { accountObjectName } from "../../../entitlement/ids.ts";
import { isSameSerial, serialNumber } from "../../../names.ts";
import { readAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, problems } from "../../http/openapi.ts";
import { describeDevice, deviceBody } from "./device-body.ts";

/** Each is asked of its account. */
const DEVICES_PER_PAGE = 50;

const find = createRoute({
	method: "get",
	path: "/v1/devices",
	operationId: "findDevices",
	tags: ["Operator"],
	summary: "Devices with a serial number, of whatever account and in whatever status, a page at a time",
	description: "The whole serial number, its letters in either case.",
	...readAccess,
	request: {
		query: z.object({
			serial: serialNumber,
			after: z.string().max(64).optional().openapi({ description: "`next` of the page before" }),
		}),
	},
	responses: {
		200: jsonAnswer(
			z.object({
				devices: z.array(deviceBody),
				next: z.string().nullable(),
			}),
			`As their accounts have them now, in the order of their ids, ${DEVICES_PER_PAGE} at most; a device is found a minute after it came`,
		),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited"),
	},
});

export const foundDevices = createRouter().openapi(find, async (c) => {
	const { services, now } = c.env;
	const { serial, after = "" } = c.req.valid("query");
	const hash = hashSerial(serial);
	const ids = await services.objects.serials(hash).devices(hash, after, DEVICES_PER_PAGE);
	const asked = ids.map(async (id) => {
		const account = services.objects.account(accountObjectName(id));
		return (await account.findDevices({ id, after: "", limit: 1, now })).devices;
	});
	// One that its account does not know came after the time to which the account was set back.
	const found = (await Promise.all(asked)).flat().filter(({ device }) => isSameSerial(device.serial, serial));
	const devices = await Promise.all(found.map((one) => describeDevice(one, services.lookupKeys, now)));
	return c.json({ devices, next: ids.length < DEVICES_PER_PAGE ? null : (ids.at(-1) ?? null) }, 200);
});
