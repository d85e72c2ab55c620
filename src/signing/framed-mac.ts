// HMAC-SHA256 over a list of fields, one per line. No field may hold a line feed, so no two lists share a text. Verification
// is WebCrypto's own, which compares in constant time. What the fields mean is the caller's business.
import { decodeBase64url, encodeBase64url } from "./base64url.ts";

/** Characters of a MAC as text: 32 bytes in base64url. */
export const MAC_LENGTH = 43;

const encoder = new TextEncoder();

/**
 * The MAC of `fields`, 43 characters of base64url.
 * @throws RangeError if a field holds a line feed
 */
export async function sealFields(key: CryptoKey, fields: readonly string[]): Promise<string> {
	if (hasLineFeed(fields)) throw new RangeError("a field to be signed holds a line feed");
	return encodeBase64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(fields.join("\n")))));
}

/** Whether `mac` is the MAC of `fields`; takes anything, from anyone. */
export async function verifyFields(key: CryptoKey, fields: readonly string[], mac: string): Promise<boolean> {
	if (mac.length !== MAC_LENGTH || hasLineFeed(fields)) return false;
	const bytes = decodeBase64url(mac);
	return bytes !== null && crypto.subtle.verify("HMAC", key, bytes, encoder.encode(fields.join("\n")));
}

function hasLineFeed(fields: readonly string[]): boolean {
	for (const field of fields) if (field.includes("\n")) return true;
	return false;
}
