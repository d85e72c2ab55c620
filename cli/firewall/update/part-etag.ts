// The strong ETag of the answer that a part is from, kept beside the part for If-Range. The service's own ETag, the SHA-256, is known
// anyway and not written down; that of a bucket or a CDN is. A part without one goes on only where the SHA-256 is the ETag.
import { rm } from "node:fs/promises";
import { readIfPresent, writeAtomically } from "../../files/atomic-file.ts";

/** RFC 9110 §8.8.3 without `W/`, since If-Range takes strong ones alone (§13.1.5), and without obs-text. */
const STRONG_ETAG = /^"[\x21\x23-\x7e]{1,1000}"$/;

/** Where the ETag of a part stands. */
export const etagPathOf = (partPath: string) => `${partPath}.etag`;

/** @param sha256 of the bytes that are wanted @returns what If-Range has to say for the rest of this part */
export async function validatorOf(partPath: string, sha256: string): Promise<string> {
	const kept = await readIfPresent(etagPathOf(partPath));
	return kept !== null && STRONG_ETAG.test(kept) ? kept : `"${sha256}"`;
}

/**
 * Writes down what the part that is to come is of. The part before it must be gone by now.
 * @param etag of the answer; undefined = it has none
 * @throws DiskError
 */
export async function keepEtag(partPath: string, etag: string | undefined, sha256: string): Promise<void> {
	if (etag === undefined || etag === `"${sha256}"` || !STRONG_ETAG.test(etag)) await forgetEtag(partPath);
	else await writeAtomically(etagPathOf(partPath), etag);
}

/** Removes a part, then its ETag: never is the ETag of one answer beside bytes of another. */
export async function removePart(partPath: string): Promise<void> {
	await rm(partPath, { force: true });
	await forgetEtag(partPath);
}

/** For a part that is whole. */
export async function forgetEtag(partPath: string): Promise<void> {
	await rm(etagPathOf(partPath), { force: true });
}
