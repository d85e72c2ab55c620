// The keys behind LOOKUP_KEY: checks inside ids, hashes under which codes and API keys are found, pseudonyms of devices in
// logs, names and values of pulses. They never rotate (what they made is stored), which is why they are apart from MAC_KEYS.
import { encodeBase64url } from "../formats/base64url.ts";
import { sealFields } from "../sealed/framed-mac.ts";
import { decodeSecret, deriveHmacKeys } from "./derived-keys.ts";

export interface LookupKeys {
	readonly id: CryptoKey;
	readonly hash: CryptoKey;
	readonly pseudonym: CryptoKey;
	readonly pulse: CryptoKey;
}

/** Every pseudonym has this length. */
export const PSEUDONYM_LENGTH = 16;
const encoder = new TextEncoder();

/**
 * Imports LOOKUP_KEY, once per isolate.
 * @throws Error if it is not base64url of at least 32 bytes
 */
export async function importLookupKeys(secret: string): Promise<LookupKeys> {
	const bytes = decodeSecret(secret);
	if (bytes === null) throw new Error("LOOKUP_KEY: not base64url of at least 32 bytes");
	const infos = ["parapet/id", "parapet/hash", "parapet/pseudonym", "parapet/pulse"] as const;
	const [id, hash, pseudonym, pulse] = await deriveHmacKeys(bytes, infos);
	return { id, hash, pseudonym, pulse };
}

/**
 * The name under which a secret is stored: 43 characters of base64url.
 * @param text the code or key in its normal form, as `parseCode` and `parseApiKey` give it
 */
export async function hashSecret(
	keys: LookupKeys,
	kind: "code" | "key" | "backup" | "claim",
	text: string,
): Promise<string> {
	const mac = await crypto.subtle.sign("HMAC", keys.hash, encoder.encode(`${kind}\n${text}`));
	return encodeBase64url(new Uint8Array(mac));
}

/**
 * What logs call a device: 16 characters that nobody without the key can lead back to the device, new each period.
 * @param period a month of `pseudonymPeriod`, as "2026-11"
 */
export async function pseudonymOf(keys: LookupKeys, deviceId: string, period: string): Promise<string> {
	return (await sealFields(keys.pseudonym, [period, deviceId])).slice(0, PSEUDONYM_LENGTH);
}

/** The month, in UTC, whose pseudonyms are used at `now` (unix seconds). */
export function pseudonymPeriod(now: number): string {
	return new Date(now * 1000).toISOString().slice(0, 7);
}
