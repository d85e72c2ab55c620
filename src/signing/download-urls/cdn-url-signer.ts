// URLs of a CDN in front of the packages' bucket, in the form that a rule of Cloudflare's WAF checks (`is_timed_hmac_valid_v0` with the
// flag "s"): path, then `?verify=<unix seconds of issue>-<MAC>`. Whoever holds one has the bytes until the rule's own lifetime ends; the
// URL does not say who that is. The CDN serves them: our download route, its cache and its logs are not involved.
import { packageKey } from "../../storage/keys.ts";
import { encodeBase64url } from "../formats/base64url.ts";
import type { UrlSigner } from "./url-signer.ts";

export interface CdnUrlSignerOptions {
	/** scheme and host of the bucket's custom domain, no slash at the end */
	readonly origin: string;
	/** the text that stands in the rule; its bytes are the key */
	readonly key: string;
	/** what the rule gives a URL, counted from its issue */
	readonly ttlSeconds: number;
}

/** Between path and time. The rule knows its length alone (8), so the rule also asks that the query begins with `verify=`. */
export const SEPARATOR = "?verify=";

/** The rule reads ten digits. */
const ISSUED_AT = /^[1-9][0-9]{9}$/;

const encoder = new TextEncoder();

/**
 * Signs a path as Cloudflare's documentation of the function has it: HMAC-SHA256 over path and time, nothing in between.
 * @param path of the URL, from its first slash on, without a query
 * @param issuedAt unix seconds
 * @returns path and query
 * @throws RangeError if the path has a query or the time has not ten digits
 */
export async function signTimedPath(key: CryptoKey, path: string, issuedAt: number): Promise<string> {
	const time = String(issuedAt);
	if (!path.startsWith("/") || path.includes("?") || !ISSUED_AT.test(time)) {
		throw new RangeError("not a path and a time that the rule can read");
	}
	const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(path + time)));
	return `${path}${SEPARATOR}${time}-${encodeBase64url(mac)}`;
}

/** URLs of the CDN. The key is imported once. */
export function createCdnUrlSigner({ origin, key, ttlSeconds }: CdnUrlSignerOptions): UrlSigner {
	let imported: Promise<CryptoKey> | undefined;
	return {
		async sign({ sha256, now }) {
			imported ??= crypto.subtle.importKey("raw", encoder.encode(key), { name: "HMAC", hash: "SHA-256" }, false, [
				"sign",
			]);
			const path = await signTimedPath(await imported, `/${packageKey(sha256)}`, now);
			return { url: origin + path, expiresAt: now + ttlSeconds };
		},
	};
}
