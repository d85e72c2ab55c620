// The port to object storage: the bytes of a package under their own SHA-256, written once and never changed. Strongly
// consistent: what `put` stored and `remove` did not, every later `get` anywhere finds. Bytes only pass through; nothing here buffers them.

export interface PackageRange {
	/** bytes from the start; less than the package's size */
	readonly offset: number;
	/** bytes; more than 0, and not past the end */
	readonly length: number;
}

export interface PackageStore {
	/** @returns the package's size in bytes, or null if there is none */
	has(sha256: string): Promise<number | null>;
	/**
	 * Stores a stream whose bytes must have this digest and this length. After any other outcome than "stored" there is
	 * no package (or still the one that was there); the same bytes again are verified and change nothing.
	 * @param sha256 64 lower-case hexadecimal digits
	 * @param size bytes
	 * @throws PackageStoreError when the stream or the storage fails
	 */
	put(sha256: string, body: SentBytes, size: number): Promise<PackagePutOutcome>;
	/** @returns the bytes, or the range of them, with the size of the whole package; null if there is none */
	get(sha256: string, range?: PackageRange): Promise<StoredPackage | null>;
	/**
	 * @param after digest that comes before the first one; "" = from the first @param limit packages, at most 1000
	 * @returns packages in the order of their digests. What was stored or removed meanwhile may be missing or be there
	 */
	list(after: string, limit: number): Promise<PackagePage>;
	/**
	 * Removes a package; one that is not there is removed too.
	 * @returns locked: the storage is set up not to remove it, now or ever
	 * @throws PackageStoreError when the storage does not answer; the package may then go later
	 */
	remove(sha256: string): Promise<"removed" | "locked">;
}

/** Bytes that go into the storage, as they come: a stream, or several one after the other. */
export interface SentBytes {
	/** Writes all of them and closes; a failure of either end aborts the other. @throws what failed */
	pipeTo(into: WritableStream): Promise<void>;
}

export interface PackagePage {
	readonly packages: readonly ListedPackage[];
	/** `after` of the next page; null = this was the last */
	readonly next: string | null;
}

export interface ListedPackage {
	readonly sha256: string;
	/** bytes */
	readonly size: number;
	/** unix seconds */
	readonly uploadedAt: number;
}

/** The storage did not answer, or the sender's stream broke off. */
export class PackageStoreError extends Error {
	override readonly name = "PackageStoreError";
}

export type PackagePutOutcome = "stored" | "digest_mismatch" | "length_mismatch";

export interface StoredPackage {
	readonly body: ReadableStream;
	/** bytes of the whole package, also when only a range was asked for */
	readonly size: number;
}
