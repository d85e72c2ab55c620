// HMAC-SHA256 over a list of fields, one per line. No field may hold a line feed, so no two lists of one length share a text,
// and what a list is for, its first field, fixes its length. The platform compares, in constant time; the text of a MAC is read
// strictly, so that no two texts stand for one. What the fields mean is the caller's.
import { decodeBase64url, encodeBase64url } from "../formats/base64url.ts";

/** Characters of a MAC as text: 32 bytes in base64url. */
export const MAC_LENGTH = 43;

const encoder = new TextEncoder();

/**
 * The MAC of `fields`, 43 characters of base64url.
 * @throws RangeError if a field holds a line feed
 */
export async function sealFields(key: CryptoKey, fields: readonly string[]): Promise<string> {
	const text = fields.join("\n");
	if (hasMoreLines(text, fields.length)) throw new RangeError("a field to be signed holds a line feed");
	return encodeBase64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text))));
}

/** Whether `mac` is the MAC of `fields`; takes anything, from anyone. */
export function verifyFields(key: CryptoKey, fields: readonly string[], mac: string): Promise<boolean> {
	const text = fields.join("\n");
	if (mac.length !== MAC_LENGTH || hasMoreLines(text, fields.length)) return Promise.resolve(false);
	const bytes = decodeBase64url(mac);
	// The platform's own promise, and none around it: this is waited for in every request.
	return bytes === null ? Promise.resolve(false) : crypto.subtle.verify("HMAC", key, bytes, encoder.encode(text));
}

/** Whether the text has more than `count` lines; one look at it, since this is on the path of every request. */
function hasMoreLines(text: string, count: number): boolean {
	let at = -1;
	for (let line = 1; line < count; line++) at = text.indexOf("\n", at + 1);
	return text.includes("\n", at + 1);
}
