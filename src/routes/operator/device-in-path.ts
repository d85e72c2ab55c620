// What the routes below /v1/devices/{device} share: the device in the path.
import { z } from "@hono/zod-openapi";
import { type DeviceId, parseDeviceId } from "../../entitlement/ids.ts";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";

export const devicePath = z.object({ device: z.string().max(64) });

/** The device in the path. It has a keyed check, so a mistyped id never touches an object. */
export async function readDevice({ services, event }: RequestScope, text: string): Promise<DeviceId> {
	const device = await parseDeviceId(services.lookupKeys, text);
	if (device === null) throw new ProblemError("invalid_identifier");
	event.account = device.objectName;
	return device;
}
