// The rule indexes of five successive releases of the OWASP Core Rule Set (Apache-2.0), as `parapet publish` makes them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { compareCves, compareIndexes } from "../../../../src/content/rule-index/compare-indexes.ts";
import { IndexReader, IndexTally } from "../../../../src/content/rule-index/index-reader.ts";

const FOLDER = join(import.meta.dirname, "../../../fixtures/rule-indexes");
const textOf = (version: string) => brotliDecompressSync(readFileSync(join(FOLDER, `crs-${version}.br`)));

async function open(version: string) {
	async function* pieces() {
		yield new Uint8Array(textOf(version));
	}
	const tally = new IndexTally();
	const reader = new IndexReader(pieces(), tally.add);
	await reader.head();
	return { reader, tally };
}
async function changes(from: string, to: string) {
	const [before, after] = [await open(from), await open(to)];
	const found = await compareIndexes(before.reader, after.reader);
	const ids = ({ first }: { first: readonly { readonly id: string }[] }) => first.map(({ id }) => id);
	const { rules } = after.tally.totals;
	const blocking = ids(found.newlyBlocking);
	const quiet = [found.removed, found.blockingNoMore, found.reused, found.repeated].map(({ count }) => count);
	const { added, removed } = compareCves(before.tally.totals.cves, after.tally.totals.cves);
	expect([...quiet, added.length + removed.length]).toEqual([0, 0, 0, 0, 0]);
	return { rules, added: ids(found.added), changed: found.changed.count, blocking };
}

// Nothing was ever taken out of these five, no id re-used, and no CVE newly named.
it.each([
	[
		"4.24.0",
		"4.25.0",
		{ rules: 625, added: ["920539", "930140", "932390"], changed: 52, blocking: ["930140", "932390"] },
	],
	["4.25.0", "4.26.0", { rules: 626, added: ["934200"], changed: 9, blocking: ["934200"] }],
	["4.26.0", "4.27.0", { rules: 626, added: [], changed: 2, blocking: [] }],
	[...(["4.27.0", "4.28.0"] as const), { rules: 629, ...same(["932290", "934210", "934220"]), changed: 165 }],
	[...(["4.26.0", "4.28.0"] as const), { rules: 629, ...same(["932290", "934210", "934220"]), changed: 167 }],
	[
		...(["4.24.0", "4.28.0"] as const),
		{
			rules: 629,
			added: ["920539", "930140", "932290", "932390", "934200", "934210", "934220"],
			changed: 188,
			blocking: ["930140", "932290", "932390", "934200", "934210", "934220"],
		},
	],
] as const)("from %s to %s: what was changed twice on the way is changed once", async (from, to, expected) => {
	expect(await changes(from, to)).toEqual(expected);
});

/** All that is added blocks. */
function same<T>(ids: T) {
	return { added: ids, blocking: ids };
}
