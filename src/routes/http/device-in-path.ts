// What the routes below /v1/devices/{device} share: the device in the path, with its account opened.
import { z } from "@hono/zod-openapi";
import { type DeviceId, parseDeviceId } from "../../entitlement/ids.ts";
import type { Account } from "../../objects/account/account.ts";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";

export const devicePath = z.object({ device: z.string().max(64) });

/** A device with the object of its account. */
export interface OpenDevice extends DeviceId {
	readonly object: DurableObjectStub<Account>;
}

/**
 * @param text the device's id as it was sent. It has a keyed check, so a mistyped one never touches an object
 * @throws ProblemError `invalid_identifier`
 */
export async function openDevice({ services, event }: RequestScope, text: string): Promise<OpenDevice> {
	const device = await parseDeviceId(services.lookupKeys, text);
	if (device === null) throw new ProblemError("invalid_identifier");
	event.account = device.objectName;
	return { ...device, object: services.objects.account(device.objectName) };
}
