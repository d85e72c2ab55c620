// Keys, a clock and a device for the tests of src/signing. Everything here is made for tests and known to all.
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { DeviceProfile, DevicePublicKey } from "../../../src/entitlement/devices/device-record.ts";
import { importDeviceKey, parseDevicePublicKey, thumbprintOf } from "../../../src/signing/device-proofs/device-key.ts";
import { encodeBase64url } from "../../../src/signing/formats/base64url.ts";

export const NOW = 1_793_000_000;
export const ISSUER = "https://updates.example";
export const DEVICE_ID = "dev-0123456789-abcdefghjkmnpqrs";
export const PSEUDONYM = "aB3_dE6-hI9kLm2o";
export const SHA256 = "ab".repeat(32);
export const SECRET = "A".repeat(43);
export const OTHER_SECRET = `${"A".repeat(42)}E`;

export const PROFILE: DeviceProfile = {
	id: DEVICE_ID,
	account: "acct-0123456789abcdef",
	status: "active",
	model: "PA-440",
	labels: { site: "berlin" },
	haGroup: "ha-berlin",
	hold: "license_suspended",
	licenseEpoch: 3,
	lease: 900,
	policy: null,
	grants: {
		crs: { from: NOW + 100, until: NOW + 86_400, grace: 3600, critical: 7200, delay: 60, emergencyDelay: 0 },
		threats: { from: 0, until: NOW + 86_400, grace: 0, critical: 0, delay: 0, emergencyDelay: 0 },
	},
};

export interface TestKey {
	readonly alg: string;
	readonly privateKey: CryptoKey;
	readonly jwk: DevicePublicKey;
	readonly jkt: string;
	readonly key: CryptoKey;
}

export async function makeDeviceKey(alg: "ES256" | "EdDSA" | "Ed25519" = "ES256"): Promise<TestKey> {
	const pair = await generateKeyPair(alg, { extractable: true });
	const jwk = parseDevicePublicKey(await exportJWK(pair.publicKey));
	if (jwk === null) throw new Error("made a key that we do not take");
	return { alg, privateKey: pair.privateKey, jwk, jkt: await thumbprintOf(jwk), key: await importDeviceKey(jwk) };
}

/** A signed JWT whose header and claims are exactly as given; `undefined` members are left out. */
export async function signJwt(key: TestKey, claims: object, header: object = {}): Promise<string> {
	return new SignJWT({ ...claims }).setProtectedHeader({ alg: key.alg, ...header }).sign(key.privateKey);
}

/** A JWS over raw texts, so that header and claims need not be JSON, let alone good JSON. */
export async function signRaw(key: TestKey, header: string | Uint8Array, claims: string | Uint8Array): Promise<string> {
	const input = `${encodePart(header)}.${encodePart(claims)}`;
	const algorithm = key.alg === "ES256" ? { name: "ECDSA", hash: "SHA-256" } : { name: "Ed25519" };
	const signature = await crypto.subtle.sign(algorithm, key.privateKey, new TextEncoder().encode(input));
	return `${input}.${encodeBase64url(new Uint8Array(signature))}`;
}

function encodePart(part: string | Uint8Array): string {
	return encodeBase64url(typeof part === "string" ? new TextEncoder().encode(part) : part);
}

/** `text` with the character at `index` replaced by another one. */
export function withOtherCharacterAt(text: string, index: number): string {
	return text.slice(0, index) + (text[index] === "A" ? "B" : "A") + text.slice(index + 1);
}
