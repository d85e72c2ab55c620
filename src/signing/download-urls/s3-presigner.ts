// URLs that lead straight to S3-compatible storage (SigV4, in the query). The storage then serves the bytes, so our download
// route, its cache and its logs are not involved. Only GET, and only `host` is signed, so a device may ask for ranges.
import { AwsClient } from "aws4fetch";
import { packageKey } from "../../storage/keys.ts";
import { formatAmzDate } from "../../timestamps.ts";
import type { UrlSigner } from "./url-signer.ts";

export interface S3PresignerOptions {
	/** URL of the bucket, path style, no slash at the end: https://<account>.r2.cloudflarestorage.com/<bucket> */
	readonly bucketUrl: string;
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
	/** "auto" for R2 */
	readonly region: string;
	readonly ttlSeconds: number;
}

/** Longest life that S3 allows: seven days. */
const MAX_TTL_SECONDS = 604_800;

/** URLs of a bucket. The client is kept, because it keeps the day's signing key. */
export function createS3Presigner(options: S3PresignerOptions): UrlSigner {
	const { bucketUrl, accessKeyId, secretAccessKey, region, ttlSeconds } = options;
	if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > MAX_TTL_SECONDS) {
		throw new RangeError(`a presigned URL lives 1 to ${MAX_TTL_SECONDS} seconds`);
	}
	const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3" });
	return {
		async sign({ sha256, now }) {
			// Explicit, because aws4fetch would give the URL a whole day.
			const url = `${bucketUrl}/${packageKey(sha256)}?X-Amz-Expires=${ttlSeconds}`;
			const signed = await client.sign(url, { method: "GET", aws: { signQuery: true, datetime: formatAmzDate(now) } });
			return { url: signed.url, expiresAt: now + ttlSeconds };
		},
	};
}
