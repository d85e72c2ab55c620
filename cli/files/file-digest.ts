// The SHA-256 of a file of any size, in constant memory.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Hasher } from "../../src/content/contents/package-contents.ts";

/** @param range first and last byte of a part; not given = the whole @returns the SHA-256 of a file, hexadecimal */
export async function hashFile(
	path: string,
	range?: { readonly start: number; readonly end: number },
): Promise<string> {
	const hash = createHash("sha256");
	await pipeline(createReadStream(path, range), hash);
	return hash.digest("hex");
}

/** @returns the SHA-256 of what is in memory, hexadecimal */
export function sha256Of(content: string | Buffer): string {
	return createHash("sha256").update(content).digest("hex");
}

/** @returns what hashes bytes as they come */
export function createSha256(): Hasher {
	const hash = createHash("sha256");
	return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
}
