// The port to object storage: the bytes of a package under their own SHA-256, written once and never changed. Strongly
// consistent: what `put` stored, every later `get` anywhere finds. Bytes only pass through; nothing here buffers them.

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
	put(sha256: string, body: ReadableStream, size: number): Promise<PackagePutOutcome>;
	/** @returns the bytes, or the range of them, with the size of the whole package; null if there is none */
	get(sha256: string, range?: PackageRange): Promise<StoredPackage | null>;
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
