// The public keys of devices: P-256 (ES256) or Ed25519, and nothing else. Reads a JWK from a stranger, names it (RFC 7638)
// and imports it. Whether a key belongs to a device is decided where the device is known.
import { calculateJwkThumbprint, importJWK } from "jose";
import { z } from "zod";
import type { DevicePublicKey } from "../../entitlement/devices/device-record.ts";
import { decodeBase64url } from "../formats/base64url.ts";

/** What a device may sign with. `Ed25519` is the fully-specified name (RFC 9864) of what most clients still call `EdDSA`. */
export const DEVICE_ALGORITHMS = ["ES256", "EdDSA", "Ed25519"] as const;
export type DeviceAlgorithm = (typeof DEVICE_ALGORITHMS)[number];

/** P-256 coordinates and Ed25519 keys alike. */
const COORDINATE_BYTES = 32;

const coordinate = z.string().refine((text) => decodeBase64url(text)?.length === COORDINATE_BYTES);
/** RFC 7518 §6: members that only private and symmetric keys have. A key with one of them is not taken. */
const SECRET_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;

/** Members that say nothing about the key's value, but what it is for. Others are ignored (RFC 7517 §4): nothing is fetched for `x5u`. */
const metadata = {
	kid: z.string().max(128).optional(),
	use: z.literal("sig").optional(),
	key_ops: z.tuple([z.literal("verify")]).optional(),
	ext: z.boolean().optional(),
};
const publicJwk = z.discriminatedUnion("kty", [
	z.object({
		kty: z.literal("EC"),
		crv: z.literal("P-256"),
		x: coordinate,
		y: coordinate,
		alg: z.literal("ES256").optional(),
		...metadata,
	}),
	z.object({
		kty: z.literal("OKP"),
		crv: z.literal("Ed25519"),
		x: coordinate,
		alg: z.enum(["EdDSA", "Ed25519"]).optional(),
		...metadata,
	}),
]);

/**
 * Reads a device's public JWK down to the members that are the key; null if it is not one that we take. Whether the point
 * lies on the curve is only known after `importDeviceKey`.
 */
export function parseDevicePublicKey(jwk: unknown): DevicePublicKey | null {
	if (holdsSecret(jwk)) return null;
	const parsed = publicJwk.safeParse(jwk);
	if (!parsed.success) return null;
	const { data } = parsed;
	return data.kty === "EC"
		? { kty: "EC", crv: "P-256", x: data.x, y: data.y }
		: { kty: "OKP", crv: "Ed25519", x: data.x };
}

/** Whether a JWK is more than a public key, whatever else is wrong with it. */
export function holdsSecret(jwk: unknown): boolean {
	return typeof jwk === "object" && jwk !== null && SECRET_MEMBERS.some((member) => member in jwk);
}

/** The algorithms that a key can have signed with. */
export function algorithmsOf(jwk: DevicePublicKey): readonly DeviceAlgorithm[] {
	return jwk.kty === "EC" ? ["ES256"] : ["EdDSA", "Ed25519"];
}

/** Whether both are the same key, by the members that RFC 7638 takes the thumbprint of. */
export function isSameKey(one: DevicePublicKey, other: DevicePublicKey): boolean {
	if (one.kty === "EC") return other.kty === "EC" && one.x === other.x && one.y === other.y;
	return other.kty === "OKP" && one.x === other.x;
}

/** The RFC 7638 thumbprint: base64url of the SHA-256, 43 characters. */
export async function thumbprintOf(jwk: DevicePublicKey): Promise<string> {
	return calculateJwkThumbprint(jwk, "sha256");
}

/**
 * Imports a device's key for verification. Costs as much as a verification, so callers keep the result by thumbprint.
 * @throws DOMException (DataError) if the point is not on the curve
 */
export async function importDeviceKey(jwk: DevicePublicKey): Promise<CryptoKey> {
	const key = await importJWK({ ...jwk }, jwk.kty === "EC" ? "ES256" : "Ed25519", { extractable: false });
	if (key instanceof Uint8Array) throw new TypeError("a device key is never symmetric");
	return key;
}
