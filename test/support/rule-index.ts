// Rule indexes of small packages, made as publishers make them, for tests in Node and in workerd.
import { collectContents, type Hasher } from "../../src/content/contents/package-contents.ts";
import { type MadeIndex, writeRuleIndex } from "../../src/content/rule-index/write-index.ts";

/** 64 bits (two rounds of FNV-1a), where a test needs digests that differ and no SHA-256. */
export function createTestHasher(): Hasher {
	let [one, other] = [0x811c9dc5, 0x1000193];
	return {
		update(bytes) {
			for (const byte of bytes) {
				one = Math.imul(one ^ byte, 0x01000193) >>> 0;
				other = Math.imul(other ^ byte, 0x85ebca6b) >>> 0;
			}
		},
		digest: () =>
			[one, other, one ^ other, 0, 1, 2, 3, 4].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join(""),
	};
}

/** @param files content by path */
export function indexOf(files: Readonly<Record<string, string>>, packageSha256 = "ab".repeat(32)): MadeIndex {
	const { onFile, contents } = collectContents(createTestHasher);
	for (const [path, content] of Object.entries(files)) {
		const reader = onFile(path);
		reader.data(new TextEncoder().encode(content));
		reader.end();
	}
	return writeRuleIndex(packageSha256, contents, createTestHasher);
}

/** @throws Error where none is made */
export function indexText(files: Readonly<Record<string, string>>, packageSha256?: string): string {
	const made = indexOf(files, packageSha256);
	if (!made.ok) throw new Error(made.detail);
	return made.text;
}
