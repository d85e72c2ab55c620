// Where a device gets its bytes: the port that permits use, and its edge implementation (the other is s3-presigner.ts).
// A URL is good for one package and some minutes, and says nothing about the device that its holder could use.
import type { MacKeyring } from "../keys/mac-keyring.ts";
import { signDownloadUrl } from "./signed-url.ts";

export interface DownloadRequest {
	readonly sha256: string;
	/** the file's name */
	readonly name: string;
	/** SHA-256 of a delta in whose bytes it may be sent to who asks for that; not given = none */
	readonly delta?: string | undefined;
	/** what logs call the device */
	readonly pseudonym: string;
	/** unix seconds */
	readonly now: number;
}

export interface SignedDownload {
	readonly url: string;
	/** unix seconds from which the URL is refused; a download that has begun goes on */
	readonly expiresAt: number;
}

/** Makes URLs that serve exactly the bytes of `sha256`, with ranges, to anyone who holds them, until `expiresAt`. */
export interface UrlSigner {
	sign(request: DownloadRequest): Promise<SignedDownload>;
}

export interface EdgeUrlSignerOptions {
	readonly keyring: MacKeyring;
	/** scheme and host, no slash at the end */
	readonly origin: string;
	readonly ttlSeconds: number;
}

const DEVICE8_LENGTH = 8;

/** URLs of our own download route. */
export function createEdgeUrlSigner({ keyring, origin, ttlSeconds }: EdgeUrlSignerOptions): UrlSigner {
	return {
		async sign({ sha256, name, pseudonym, now, delta }) {
			const expires = now + ttlSeconds;
			const device8 = pseudonym.slice(0, DEVICE8_LENGTH);
			return {
				url: await signDownloadUrl(keyring, { origin, sha256, name, device8, expires, delta }),
				expiresAt: expires,
			};
		},
	};
}
