// A package in memory, read in pieces of a given size.
import type { Finding } from "../../../src/content/inspection/finding.ts";
import {
	type Inspection,
	type InspectionOptions,
	inspectPackage,
} from "../../../src/content/inspection/inspect-package.ts";
import { type PackageSource, unpackBy } from "../../../src/content/inspection/package-source.ts";

export function memorySource(bytes: Uint8Array, pieceBytes = 1_000): PackageSource {
	return {
		size: bytes.length,
		async *read(offset, length = bytes.length) {
			const end = Math.min(bytes.length, offset + length);
			for (let at = offset; at < end; at += pieceBytes) yield bytes.subarray(at, Math.min(end, at + pieceBytes));
		},
	};
}

export const UNPACKERS = { gzip: unpackBy("gzip"), zstd: null, deflate: unpackBy("deflate-raw") };

/** As `inspectPackage`, of bytes; the name says nothing unless it is given. */
export function inspect(
	bytes: Uint8Array,
	{ pieceBytes, ...options }: Partial<InspectionOptions> & { readonly pieceBytes?: number } = {},
): Promise<Inspection> {
	return inspectPackage(memorySource(bytes, pieceBytes), { name: "rules-1", unpackers: UNPACKERS, ...options });
}

/** @returns `traversal ../etc/passwd` for each finding, or the code alone where it is the whole package's */
export function codesOf({ findings }: { readonly findings: readonly Finding[] }): string[] {
	return findings.map(({ code, entry }) => (entry === null ? code : `${code} ${entry}`));
}
