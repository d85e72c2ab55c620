// The files of the transparency log in the public R2 bucket, under the paths that they also have at the service. Tiles are written
// once; what replaces something replaces exactly what was there before it, because R2 does not cancel a write that its caller has
// given up: one that lands late finds something newer and fails, and the log never goes back.
import { logKey } from "./keys.ts";
import { PackageStoreError } from "./packages/package-store.ts";

export const CHECKPOINT_FILE = "checkpoint";
/** For so long a cache in front may answer with what was replaced. */
export const REPLACED_MAX_AGE_SECONDS = 15;

const IMMUTABLE = { contentType: "application/octet-stream", cacheControl: "public, max-age=31536000, immutable" };
const REPLACED = {
	contentType: "text/plain; charset=utf-8",
	cacheControl: `public, max-age=${REPLACED_MAX_AGE_SECONDS}`,
};

export interface LogFile {
	readonly body: ReadableStream;
	readonly contentType: string;
	readonly cacheControl: string;
}

/** Keys are those of the bucket (keys.ts). Each method throws where it is not known what became of it; the caller tries again. */
export interface LogStore {
	/** @returns null where there is no such text */
	read(key: string): Promise<string | null>;
	/** @throws Error also where other bytes are there under the key: those were served, and stay */
	putOnce(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
	/** @throws Error also where another write came between */
	replace(key: string, text: string): Promise<void>;
	/** What is not there any more is no fault. */
	drop(keys: readonly string[]): Promise<void>;
}

export function createR2LogStore(bucket: R2Bucket): LogStore {
	return {
		async read(key) {
			return (await (await bucket.get(key))?.text()) ?? null;
		},
		async putOnce(key, bytes) {
			const written = await bucket.put(key, bytes, { httpMetadata: IMMUTABLE, onlyIf: { etagDoesNotMatch: "*" } });
			if (written !== null) return;
			const there = await bucket.get(key);
			const found = there === null ? null : new Uint8Array(await there.arrayBuffer());
			if (found?.length !== bytes.length || !found.every((byte, at) => byte === bytes[at]))
				throw new Error(`${key} holds other bytes than the log: it was written by another log, or this one went back`);
		},
		async replace(key, text) {
			const before = await bucket.head(key);
			const onlyIf = before === null ? { etagDoesNotMatch: "*" } : { etagMatches: before.etag };
			const written = await bucket.put(key, text, { httpMetadata: REPLACED, onlyIf });
			if (written === null) throw new Error(`another write of ${key} came between`);
		},
		async drop(keys) {
			await bucket.delete([...keys]);
		},
	};
}

/** @returns what serves the log: by path below /tlog/; null where there is no such file */
export function createR2LogFiles(bucket: R2Bucket): (path: string) => Promise<LogFile | null> {
	return async (path) => {
		const found = await bucket.get(logKey(path)).catch((cause: unknown) => {
			throw new PackageStoreError("the public bucket does not answer for the log", { cause });
		});
		return found === null ? null : { body: found.body, ...(path === CHECKPOINT_FILE ? REPLACED : IMMUTABLE) };
	};
}
