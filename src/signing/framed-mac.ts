// HMAC-SHA256 over a list of fields, one per line. No field may hold a line feed, so no two lists of one length share a text,
// and what a list is for, its first field, fixes its length. MACs are compared as texts, in constant time, so that no two texts
// stand for one. What the fields mean is the caller's.
import { encodeBase64url } from "./base64url.ts";
import { equalInConstantTime } from "./constant-time.ts";
import type { MacKey } from "./hmac-sha256.ts";

/** Characters of a MAC as text: 32 bytes in base64url. */
export const MAC_LENGTH = 43;

/**
 * The MAC of `fields`, 43 characters of base64url.
 * @throws RangeError if a field holds a line feed
 */
export function sealFields(key: MacKey, fields: readonly string[]): string {
	const text = fields.join("\n");
	if (hasMoreLines(text, fields.length)) throw new RangeError("a field to be signed holds a line feed");
	return encodeBase64url(key.mac(text));
}

/** Whether `mac` is the MAC of `fields`; takes anything, from anyone. */
export function verifyFields(key: MacKey, fields: readonly string[], mac: string): boolean {
	const text = fields.join("\n");
	if (mac.length !== MAC_LENGTH || hasMoreLines(text, fields.length)) return false;
	return equalInConstantTime(encodeBase64url(key.mac(text)), mac);
}

/** Whether the text has more than `count` lines; one look at it, since this is on the path of every request. */
function hasMoreLines(text: string, count: number): boolean {
	let at = -1;
	for (let line = 1; line < count; line++) at = text.indexOf("\n", at + 1);
	return text.includes("\n", at + 1);
}
