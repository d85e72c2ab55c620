// What the edge knows of one device: the replicated record that its Account object writes, and the part of it that the
// decisions read. A device's access token carries that same part, so that a check needs no record at all.
import { z } from "zod";
import { labels, modelName, productName, serialNumber } from "../../names.ts";
import { devicePolicy } from "../policy/device-policy.ts";
import { certificateRules } from "./certificate-rule.ts";

const seconds = z.int().nonnegative();

/** What a license grants a device of one product. */
export const grant = z.object({
	/** unix seconds from which the product may be had */
	from: seconds,
	/** unix seconds at which the license ends */
	until: seconds,
	/** seconds after `until` during which updates still come */
	grace: seconds,
	/** seconds after the grace during which emergency releases still come */
	critical: seconds,
	/** seconds that a release must be old before this license gets it (delay tier) */
	delay: seconds,
	/** the same of an emergency release: an attack does not wait for a tier */
	emergencyDelay: seconds,
});
export type Grant = z.infer<typeof grant>;

export const deviceStatus = z.enum(["active", "suspended", "revoked", "deactivated"]);
export type DeviceStatus = z.infer<typeof deviceStatus>;

/** Why an active device gets nothing for the time being: its license is not in force. */
export const hold = z.enum(["license_suspended", "license_revoked"]);
export type Hold = z.infer<typeof hold>;

export function isHold(value: unknown): value is Hold {
	return hold.options.some((known) => known === value);
}

/** The public key of a device: P-256 for ES256 or Ed25519. */
const devicePublicKey = z.union([
	z.strictObject({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string() }),
	z.strictObject({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() }),
]);
export type DevicePublicKey = z.infer<typeof devicePublicKey>;

/** Everything a decision about a device reads. Names and numbers only, no secret. */
const deviceProfile = z.object({
	id: z.string(),
	account: z.string(),
	status: deviceStatus,
	model: modelName,
	labels: labels,
	haGroup: z.string().nullable(),
	hold: hold.nullable(),
	/**
	 * How often the account's licenses had changed for its devices when this was written. Where the edges know of a later
	 * epoch (`denied`), this profile is outdated and must not be decided on.
	 */
	licenseEpoch: z.int().nonnegative(),
	/** of the device's record; where the edges know of a later change of this device (`denied`), this is outdated as well. Left out = 0 */
	version: z.int().nonnegative().optional(),
	/** seconds of the lease on which the device has its seat (elastic license); null = it has it for good */
	lease: z.int().positive().nullable(),
	grants: z.record(productName, grant),
	/** what the customer says of its updates; null = nothing */
	policy: devicePolicy.nullable(),
});
export type DeviceProfile = z.infer<typeof deviceProfile>;

/** `device:<id>`: the profile, and what is needed to know the device when it calls. */
export const deviceRecord = deviceProfile.extend({
	serial: serialNumber,
	license: z.string(),
	jwk: devicePublicKey,
	/** RFC 7638 thumbprint of `jwk`, base64url SHA-256 */
	jkt: z.string(),
	/** RFC 9449 §5.2: the device gets no token without a DPoP proof */
	dpopBound: z.boolean(),
	activatedAt: seconds,
	/** RFC 8705: the certificates by which the device is known at the token endpoint, and by nothing else. Left out = by its key */
	certificates: certificateRules.optional(),
});
export type DeviceRecord = z.infer<typeof deviceRecord>;
