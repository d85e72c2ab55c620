// The digest of a text, as tokens, logs and evidence name it.
import { encodeBase64url } from "./formats/base64url.ts";

/** @returns SHA-256 of the text's UTF-8, base64url without padding */
export async function sha256OfText(text: string): Promise<string> {
	return encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}
