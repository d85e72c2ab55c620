// Packages in R2. R2 itself checks the digest while the bytes arrive and keeps nothing that differs, so an upload is never
// held in memory and never hashed here. Not guarded against: a holder of the account's R2 keys (see bucket locks).
import { packageDigest, packageKey, uploadKey } from "../keys.ts";
import { type PackagePutOutcome, type PackageStore, PackageStoreError, type SentBytes } from "./package-store.ts";
import { answered, putChecked } from "./r2-put.ts";

/** A package never changes under its digest, so every cache may keep its copy. */
const IMMUTABLE_PACKAGE: Pick<R2PutOptions, "httpMetadata"> = {
	httpMetadata: { contentType: "application/octet-stream", cacheControl: "public, max-age=31536000, immutable" },
};

export function createR2PackageStore(bucket: R2Bucket): PackageStore {
	return {
		async has(sha256) {
			const object = await answered(bucket.head(packageKey(sha256)));
			return object === null ? null : object.size;
		},

		async put(sha256, body, size) {
			const existing = await answered(bucket.head(packageKey(sha256)));
			return existing === null
				? putChecked(bucket, packageKey(sha256), { ...IMMUTABLE_PACKAGE, sha256 }, body, size)
				: verify(bucket, sha256, body, size);
		},

		async get(sha256, range) {
			const object = await answered(bucket.get(packageKey(sha256), range === undefined ? undefined : { range }));
			return object === null ? null : { body: object.body, size: object.size };
		},

		async list(after, limit) {
			let startAfter = after === "" ? undefined : packageKey(after);
			for (;;) {
				const options = { prefix: packageKey(""), limit, ...(startAfter !== undefined && { startAfter }) };
				const page = await answered(bucket.list(options));
				const packages = page.objects.flatMap(({ key, size, uploaded }) => {
					const sha256 = packageDigest(key);
					// What somebody else put there is left alone.
					return sha256 === null ? [] : [{ sha256, size, uploadedAt: Math.floor(uploaded.getTime() / 1_000) }];
				});
				const next = page.truncated ? packages.at(-1)?.sha256 : null;
				if (next !== undefined) return { packages, next };
				startAfter = page.objects.at(-1)?.key;
			}
		},

		async remove(sha256) {
			try {
				await bucket.delete(packageKey(sha256));
				return "removed";
			} catch (cause) {
				if (isLockError(cause)) return "locked";
				throw new PackageStoreError(`package ${sha256} could not be removed`, { cause });
			}
		},
	};
}

/**
 * The object is there, so only the sender can be wrong: a second upload must still prove that it has these bytes, or a
 * publisher could release another product's package by naming its digest. R2 checks it under a name of its own, because
 * hashing here would cost the Worker's CPU time, and a locked bucket refuses to write the same object twice.
 */
async function verify(bucket: R2Bucket, sha256: string, body: SentBytes, size: number): Promise<PackagePutOutcome> {
	const key = uploadKey(crypto.randomUUID());
	try {
		return await putChecked(bucket, key, { sha256 }, body, size);
	} finally {
		// What stays behind is out of everybody's sight, and the bucket's lifecycle rule sweeps it (docs/operations.md).
		await bucket.delete(key).catch(() => {});
	}
}

/** R2 error 10069, ObjectLockedByBucketPolicy: a lock of the bucket keeps the object, now or for ever. */
function isLockError(error: unknown): boolean {
	return String(error).includes("(10069)");
}
