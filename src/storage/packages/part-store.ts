// The port to the parts of packages that are on their way up: each under its own SHA-256, apart for each product and package, until they
// are joined. Nothing refers to them: the storage forgets them a day after they came, and whoever comes back later sends them again.
import type { PackagePutOutcome, SentBytes } from "./package-store.ts";

/** The package that is on its way. */
export interface PartedUpload {
	readonly product: string;
	/** of the whole package, 64 lower-case hexadecimal digits */
	readonly sha256: string;
}

export interface StoredPart {
	readonly sha256: string;
	/** bytes */
	readonly size: number;
}

export interface PartStore {
	/** As `PackageStore.put`, for one part. */
	put(upload: PartedUpload, sha256: string, body: SentBytes, size: number): Promise<PackagePutOutcome>;
	/** @returns the parts that are there, in the order of their digests @throws PackageStoreError */
	list(upload: PartedUpload): Promise<StoredPart[]>;
	/**
	 * @param sha256s of parts that are there, in the order of the package; one may come several times
	 * @returns their bytes one after the other, read as they are taken. It breaks off where a part has gone meanwhile
	 */
	join(upload: PartedUpload, sha256s: readonly string[]): SentBytes;
	/** Removes all parts of the package; none is fine. @throws PackageStoreError */
	remove(upload: PartedUpload): Promise<void>;
}
