// How bytes come into R2: streamed, of a known length, and held by R2 itself against their SHA-256.
import { type PackagePutOutcome, PackageStoreError, type SentBytes } from "./package-store.ts";

/** @throws PackageStoreError where R2 does not answer */
export async function answered<T>(asked: Promise<T>): Promise<T> {
	try {
		return await asked;
	} catch (cause) {
		throw new PackageStoreError("R2 does not answer", { cause });
	}
}

/**
 * Streams bytes into R2, which needs to know the length beforehand: hence the fixed-length stream in between. R2 holds them against their
 * digest while they arrive, and keeps nothing that differs.
 * @param size bytes @throws PackageStoreError when the stream or R2 fails
 */
export async function putChecked(
	bucket: R2Bucket,
	key: string,
	options: R2PutOptions & { readonly sha256: string },
	body: SentBytes,
	size: number,
): Promise<PackagePutOutcome> {
	const { readable, writable } = new FixedLengthStream(size);
	const [piped, stored] = await Promise.allSettled([body.pipeTo(writable), bucket.put(key, readable, options)]);
	// The length first: a stream that breaks off spoils the digest as well, and that is then not the reason.
	if (isLengthError(piped) || isLengthError(stored)) return "length_mismatch";
	if (isDigestError(stored)) return "digest_mismatch";
	if (piped.status === "rejected") throw new PackageStoreError(`upload of ${key} broke off`, { cause: piped.reason });
	if (stored.status === "rejected") throw new PackageStoreError(`${key} could not be stored`, { cause: stored.reason });
	return "stored";
}

/**
 * workerd tells a wrong length by the message of a TypeError alone, and on whichever end of the stream it is noticed first;
 * the contract suite notices if the text changes.
 */
function isLengthError(result: PromiseSettledResult<unknown>): boolean {
	return result.status === "rejected" && String(result.reason).includes("FixedLengthStream");
}

/** R2 error 10037, BadDigest: "The SHA-256 checksum you specified did not match what we received." */
function isDigestError(result: PromiseSettledResult<unknown>): boolean {
	return result.status === "rejected" && String(result.reason).includes("(10037)");
}
