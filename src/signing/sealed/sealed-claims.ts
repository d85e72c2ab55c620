// Claims that the service writes to itself, through the hands of others: `kid.claims.mac`, HMAC-SHA256 under a key of
// MAC_KEYS. There is no header, so nothing in the text chooses an algorithm; what it is for is part of what the MAC covers.
// Not checked here: what the claims say, and until when.

import type { MacKeyring, MacKeySet } from "../keys/mac-keyring.ts";
import { MAC_LENGTH, sealFields, verifyFields } from "./framed-mac.ts";

/** What a sealed text is for, and with what: its MAC is worth nothing under another purpose, context or issuer. */
export interface SealPurpose {
	/** one key for each purpose, derived from the configured one */
	readonly key: "capability" | "session" | "token";
	/** first fields of the MAC's text, the same to seal and to open; no line feed in any */
	readonly frame: readonly string[];
	/** characters that the whole text may have */
	readonly maxLength: number;
}

export type OpenedClaims =
	| {
			readonly ok: true;
			/** plain data that was sealed here, by this version of the service or another */
			readonly claims: unknown;
			/** the keys that sealed it */
			readonly keys: MacKeySet;
	  }
	| { readonly ok: false; readonly reason: "malformed" | "unknown_key" | "bad_mac" };

/**
 * Seals claims.
 * @param claims plain data
 * @throws RangeError if the text gets too long, or a field of the frame holds a line feed
 */
export async function sealClaims(keys: MacKeySet, purpose: SealPurpose, claims: object): Promise<string> {
	const payload = encodeJson(claims);
	const text = `${keys.kid}.${payload}.${await sealFields(keys[purpose.key], [...purpose.frame, keys.kid, payload])}`;
	if (text.length > purpose.maxLength) throw new RangeError(`a sealed text of ${text.length} characters is too long`);
	return text;
}

/** Opens what `sealClaims` has sealed for the same purpose, with any key of the ring; takes anything, from anyone. */
export async function openClaims(keyring: MacKeyring, purpose: SealPurpose, text: string): Promise<OpenedClaims> {
	const kidEnd = text.indexOf(".");
	const payloadEnd = text.length - MAC_LENGTH - 1;
	const isWhole = text.length <= purpose.maxLength && kidEnd > 0 && kidEnd < payloadEnd && text[payloadEnd] === ".";
	if (!isWhole) return { ok: false, reason: "malformed" };
	const kid = text.slice(0, kidEnd);
	const keys = keyring.byKid.get(kid);
	if (keys === undefined) return { ok: false, reason: "unknown_key" };
	const payload = text.slice(kidEnd + 1, payloadEnd);
	const isOurs = await verifyFields(keys[purpose.key], [...purpose.frame, kid, payload], text.slice(payloadEnd + 1));
	return isOurs ? { ok: true, claims: decodeJson(payload), keys } : { ok: false, reason: "bad_mac" };
}

/** As base64url of ASCII: the platform's `btoa` takes no more than Latin-1, and is much faster than own code. */
function encodeJson(value: object): string {
	const json = JSON.stringify(value).replace(/[^\x20-\x7e]/g, escapeCharacter);
	return btoa(json).replace(/[+/=]/g, (character) => URL_SAFE[character] ?? "");
}

const URL_SAFE: Readonly<Record<string, string>> = { "+": "-", "/": "_" };

function escapeCharacter(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Lenient, as `atob` is, since the text was compared by its MAC. */
function decodeJson(text: string): unknown {
	return JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
}
