// The files of the TUF repository in the public R2 bucket, byte for byte as they were signed. A file with a version in its name
// is written once; the timestamp replaces exactly what was there before it, because R2 does not cancel a write that its caller
// has given up: one that lands late finds something newer and fails, and the repository never goes back.
import { tufKey } from "./keys.ts";
import { PackageStoreError } from "./packages/package-store.ts";
import { REPLACED_MAX_AGE_SECONDS } from "./r2-log-store.ts";

const TIMESTAMP_FILE = "timestamp.json";
/** The proof beside a role file, which the log's own store writes (r2-log-store.ts): another one takes its place with the log's keys. */
const PROOF = /\.tlog-proof$/;

export interface TrustFileStore {
	/** @returns the file and its Cache-Control; null where there is none @throws PackageStoreError when the bucket does not answer */
	get(file: string): Promise<{ readonly body: ReadableStream; readonly cacheControl: string } | null>;
	/** @throws when it is not known whether the file was written, or another write came between; the caller tries again */
	put(file: string, text: string): Promise<void>;
}

export function createR2TrustFileStore(bucket: R2Bucket): TrustFileStore {
	return {
		async get(file) {
			const found = await bucket.get(tufKey(file)).catch((cause: unknown) => {
				throw new PackageStoreError(`the public bucket does not answer for ${file}`, { cause });
			});
			return found === null ? null : { body: found.body, cacheControl: cacheControlOf(file) };
		},
		async put(file, text) {
			const before = file === TIMESTAMP_FILE ? await bucket.head(tufKey(file)) : null;
			const onlyIf = before === null ? { etagDoesNotMatch: "*" } : { etagMatches: before.etag };
			const httpMetadata = { contentType: "application/json", cacheControl: cacheControlOf(file) };
			const written = await bucket.put(tufKey(file), text, { httpMetadata, onlyIf });
			// A version that is there already is this very file: its bytes were settled before the first attempt to write it.
			if (written === null && file === TIMESTAMP_FILE) throw new Error("another write of the timestamp came between");
		},
	};
}

function cacheControlOf(file: string): string {
	return file === TIMESTAMP_FILE || PROOF.test(file)
		? `public, max-age=${REPLACED_MAX_AGE_SECONDS}`
		: "public, max-age=31536000, immutable";
}
