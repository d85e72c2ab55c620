// URLs by which a part of a package goes straight into S3-compatible storage (SigV4, in the query). Each takes one content: its length
// and its SHA-256 are among the signed headers, and the key that it is kept under lies in uploads/. What a URL is worth ends with that.
import { AwsV4Signer } from "aws4fetch";
import { partKey } from "../storage/keys.ts";
import { formatAmzDate } from "../timestamps.ts";
import type { S3PresignerOptions } from "./download-urls/s3-presigner.ts";
import { base64OfHex } from "./formats/digest-header.ts";

export interface PartContent {
	/** product, and SHA-256 of the whole package */
	readonly upload: { readonly product: string; readonly sha256: string };
	/** of the part, 64 lower-case hexadecimal digits */
	readonly sha256: string;
	/** bytes */
	readonly size: number;
}

export interface SignedUpload {
	/** for one `PUT` */
	readonly url: string;
	/** that the request must carry as they are, or the storage refuses it */
	readonly headers: Readonly<Record<string, string>>;
	/** unix seconds from which the URL is refused */
	readonly expiresAt: number;
}

/** Makes URLs that take exactly one part, where the storage checks what it is told. */
export interface UploadUrlSigner {
	sign(part: PartContent, now: number): Promise<SignedUpload>;
}

/** A part of 32 MiB takes five minutes at 1 Mbit/s; whoever is slower gets a URL for each part anew. */
export const UPLOAD_URL_SECONDS = 900;

/** The signer keeps the day's signing key. */
export function createUploadUrlSigner(options: Omit<S3PresignerOptions, "ttlSeconds">): UploadUrlSigner {
	const { bucketUrl, accessKeyId, secretAccessKey, region } = options;
	const cache = new Map<string, ArrayBuffer>();
	return {
		async sign({ upload, sha256, size }, now) {
			const headers = {
				"content-length": String(size),
				// S3's own check of what it keeps; a storage that does not make it (the local R2) keeps other bytes, and the join finds them. X-Amz-Content-Sha256 would be SigV4's: presigned, storages take it for unsigned.
				"x-amz-checksum-sha256": base64OfHex(sha256),
			};
			const signer = new AwsV4Signer({
				method: "PUT",
				url: `${bucketUrl}/${partKey(upload, sha256)}?X-Amz-Expires=${UPLOAD_URL_SECONDS}`,
				headers,
				...{ accessKeyId, secretAccessKey, region, service: "s3", cache },
				datetime: formatAmzDate(now),
				signQuery: true,
				// Content-Length too, which aws4fetch leaves out otherwise.
				allHeaders: true,
			});
			const { url } = await signer.sign();
			return { url: url.href, headers, expiresAt: now + UPLOAD_URL_SECONDS };
		},
	};
}
