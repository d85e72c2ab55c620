// A line of an import or an export: one device, with the public key that it has. Read by the service, and by the command line
// before anything is sent. Nothing of a line that is refused is repeated but the names of its fields.
import { z } from "zod";
import { labels, modelName, serialNumber } from "../../names.ts";
import {
	holdsSecret,
	importDeviceKey,
	parseDevicePublicKey,
	thumbprintOf,
} from "../../signing/device-proofs/device-key.ts";
import { isHaGroupId, isLicenseId } from "../ids.ts";
import type { DevicePublicKey } from "./device-record.ts";

/** Lines of one request. Each costs a millisecond of CPU, of which a request has 500, and its object does nothing else meanwhile. */
export const MAX_LINES = 100;

const ignored = (what: string) => z.string().max(64).optional().describe(`Not read: ${what}`);

export const deviceLine = z.strictObject({
	serial: serialNumber,
	model: modelName,
	jwk: z.looseObject({ kty: z.string() }).describe("Public key: P-256 or Ed25519"),
	license: z.string().refine(isLicenseId, "a license looks like lic-…").describe("Whose seat it gets"),
	labels: labels.optional().describe("If left out, those that the device has"),
	dpop_bound: z
		.boolean()
		.optional()
		.describe(
			"It gets no token without a DPoP proof (RFC 9449 §5.2). If left out, what the device has; true for a new one",
		),
	status: z
		.enum(["active", "suspended"])
		.optional()
		.describe("What a device begins with; one that is there keeps its own"),
	ha_group: z
		.string()
		.refine(isHaGroupId, "an HA group looks like hag-…-…")
		.optional()
		.describe("Of the license, whose seat it shares; if left out, the one that the device is in, or none"),
	id: ignored("an account gives its own ids"),
	activated_at: ignored("it counts from the import"),
});

export interface DeviceLine {
	readonly serial: string;
	readonly model: string;
	readonly jwk: DevicePublicKey;
	/** RFC 7638 thumbprint of `jwk` */
	readonly jkt: string;
	readonly license: string;
	readonly labels: Readonly<Record<string, string>> | undefined;
	readonly dpopBound: boolean | undefined;
	readonly status: "active" | "suspended" | undefined;
	readonly haGroup: string | undefined;
}

/** malformed: not as `deviceLine`; private_key: what nobody but the device may have; key_unusable: no point of its curve */
export type LineRefusal = "malformed" | "private_key" | "key_unusable";

/** A field by its path, and what is wrong with it. */
export interface LineError {
	readonly field: string;
	readonly message: string;
}

export type ReadLine =
	| { readonly ok: true; readonly line: DeviceLine }
	| { readonly ok: false; readonly reason: LineRefusal; readonly errors: readonly LineError[] };

const MAX_ERRORS = 5;

/** @param value a line after JSON.parse, from anybody @returns the device that it describes */
export async function readDeviceLine(value: unknown): Promise<ReadLine> {
	const refuse = (reason: LineRefusal, ...errors: LineError[]) => ({ ok: false, reason, errors }) as const;
	// Before everything else: this fault has to be named even beside others.
	if (holdsSecret(keyOf(value))) return refuse("private_key", { field: "jwk", message: "holds a private key" });
	const read = deviceLine.safeParse(value);
	if (!read.success) {
		const { issues } = read.error;
		const name = (path: readonly PropertyKey[]) => path.map(String).join(".").slice(0, 64);
		return refuse(
			"malformed",
			...issues
				.slice(0, MAX_ERRORS)
				.map(({ path, message }) => ({ field: name(path), message: message.slice(0, 256) })),
		);
	}
	const {
		dpop_bound: dpopBound,
		jwk: given,
		ha_group: haGroup,
		serial,
		model,
		license,
		labels: marks,
		status,
	} = read.data;
	const jwk = parseDevicePublicKey(given);
	if (jwk === null)
		return refuse("malformed", { field: "jwk", message: "one public P-256 or Ed25519 key is expected" });
	try {
		await importDeviceKey(jwk);
	} catch {
		return refuse("key_unusable", { field: "jwk", message: "is no point of its curve" });
	}
	const jkt = await thumbprintOf(jwk);
	return { ok: true, line: { serial, model, jwk, jkt, license, labels: marks, dpopBound, status, haGroup } };
}

function keyOf(value: unknown): unknown {
	return typeof value === "object" && value !== null && "jwk" in value ? value.jwk : null;
}
