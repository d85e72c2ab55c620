// Parts in R2 as objects of their own rather than as its multipart upload, whose whole R2 holds against no SHA-256
// (docs/decisions/uploads-in-parts.md). They lie under uploads/, which the bucket's lifecycle rule sweeps after a day.
import { partKey } from "../keys.ts";
import { PackageStoreError } from "./package-store.ts";
import type { PartedUpload, PartStore, StoredPart } from "./part-store.ts";
import { answered, putChecked } from "./r2-put.ts";

export function createR2PartStore(bucket: R2Bucket): PartStore {
	/** One after the other into the storage, without a stream of its own in between: the platform carries them by itself. */
	async function pipeParts(upload: PartedUpload, sha256s: readonly string[], into: WritableStream): Promise<void> {
		try {
			for (const sha256 of sha256s) {
				const part = await answered(bucket.get(partKey(upload, sha256)));
				if (part === null) throw new PackageStoreError(`part ${sha256} is not there any more`);
				await part.body.pipeTo(into, { preventClose: true });
			}
			await into.close();
		} catch (cause) {
			await into.abort(cause).catch(() => {});
			throw cause;
		}
	}

	return {
		put: (upload, sha256, body, size) => putChecked(bucket, partKey(upload, sha256), { sha256 }, body, size),

		async list(upload) {
			const parts: StoredPart[] = [];
			const prefix = partKey(upload, "");
			let cursor: string | undefined;
			do {
				const page = await answered(bucket.list({ prefix, ...(cursor !== undefined && { cursor }) }));
				for (const { key, size } of page.objects) parts.push({ sha256: key.slice(prefix.length), size });
				cursor = page.truncated ? page.cursor : undefined;
			} while (cursor !== undefined);
			return parts;
		},

		join: (upload, sha256s) => ({ pipeTo: (into) => pipeParts(upload, sha256s, into) }),

		async remove(upload) {
			// Each page is the first one: what was listed before is gone.
			for (;;) {
				const page = await answered(bucket.list({ prefix: partKey(upload, "") }));
				if (page.objects.length > 0) await answered(bucket.delete(page.objects.map(({ key }) => key)));
				if (!page.truncated) return;
			}
		},
	};
}
