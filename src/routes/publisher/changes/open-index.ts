// Opens rule indexes where they are kept: beside the packages, under their own digests.
import { type CheckLine, IndexReader } from "../../../content/rule-index/index-reader.ts";
import { ProblemError } from "../../../problem.ts";
import type { PackageStore } from "../../../storage/packages/package-store.ts";
import { readPieces } from "../../../storage/packages/read-pieces.ts";

/** @throws ProblemError `content_missing`; PackageStoreError when the storage does not answer */
export async function bytesOfIndex(packages: Pick<PackageStore, "get">, sha256: string): Promise<ReadableStream> {
	const found = await packages.get(sha256);
	if (found === null) throw new ProblemError("content_missing");
	return found.body;
}

/**
 * @param check see `IndexReader`; only of one that was never read before
 * @returns an index whose head was not read yet @throws as `bytesOfIndex`
 */
export async function openIndex(
	packages: Pick<PackageStore, "get">,
	sha256: string,
	check?: CheckLine,
): Promise<IndexReader> {
	return new IndexReader(readPieces(await bytesOfIndex(packages, sha256)), check);
}
