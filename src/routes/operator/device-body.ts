// A device on the wire, as operators see it: the members of a line of an import, and what only the service knows.
import { z } from "@hono/zod-openapi";
import type { Device } from "../../objects/account/device-tables.ts";
import type { LookupKeys } from "../../signing/lookup-keys.ts";
import { pseudonymOf, pseudonymPeriod } from "../../signing/lookup-keys.ts";
import { timestamp, toTimestamp } from "../http/openapi.ts";

export const deviceBody = z
	.object({
		device: z.string(),
		serial: z.string(),
		model: z.string(),
		status: z.enum(["active", "suspended", "revoked", "deactivated"]),
		license: z.string(),
		labels: z.record(z.string(), z.string()),
		ha_group: z.string().nullable(),
		replaces: z.string().nullable().openapi({ description: "The device whose place it took" }),
		replaced_by: z.string().nullable().openapi({ description: "The device that took its place" }),
		jwk: z.looseObject({}).openapi({ description: "Its public key" }),
		jkt: z.string().openapi({ description: "Thumbprint of the key (RFC 7638)" }),
		dpop_bound: z.boolean(),
		activated_at: timestamp,
		pseudonym: z.string().openapi({ description: "What logs and telemetry call it this month" }),
	})
	.openapi("Device");

/** @param now unix seconds; whose month the pseudonym is of */
export async function describeDevice(
	device: Device,
	lookupKeys: LookupKeys,
	now: number,
): Promise<z.infer<typeof deviceBody>> {
	const {
		id,
		serial,
		model,
		status,
		license,
		labels,
		haGroup,
		replaces,
		replacedBy,
		jwk,
		jkt,
		dpopBound,
		activatedAt,
	} = device;
	return {
		device: id,
		...{
			serial,
			model,
			status,
			license,
			labels,
			ha_group: haGroup,
			replaces,
			replaced_by: replacedBy,
			jwk: { ...jwk },
			jkt,
			dpop_bound: dpopBound,
		},
		activated_at: toTimestamp(activatedAt),
		pseudonym: await pseudonymOf(lookupKeys, id, pseudonymPeriod(now)),
	};
}
