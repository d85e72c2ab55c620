// HMAC keys out of a configured secret, one per purpose (HKDF, RFC 5869), so that a text made for one purpose never passes
// for another. Keys are not extractable; the secret itself is not kept.
import { decodeBase64url } from "../formats/base64url.ts";

/** A shorter secret would be weaker than the SHA-256 it feeds. */
const MIN_SECRET_BYTES = 32;

/** Decodes a configured secret: base64url of at least 32 bytes; null if it is anything else. */
export function decodeSecret(text: string): Uint8Array<ArrayBuffer> | null {
	const bytes = decodeBase64url(text);
	return bytes !== null && bytes.length >= MIN_SECRET_BYTES ? bytes : null;
}

/** Derives one HMAC-SHA256 key per `info`, in that order. */
export async function deriveHmacKeys<const Infos extends readonly string[]>(
	secret: Uint8Array<ArrayBuffer>,
	infos: Infos,
): Promise<{ [Index in keyof Infos]: CryptoKey }>;
export async function deriveHmacKeys(secret: Uint8Array<ArrayBuffer>, infos: readonly string[]): Promise<CryptoKey[]> {
	const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
	return Promise.all(
		infos.map((info) =>
			crypto.subtle.deriveKey(
				{ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: new TextEncoder().encode(info) },
				base,
				{ name: "HMAC", hash: "SHA-256", length: 256 },
				false,
				["sign", "verify"],
			),
		),
	);
}
