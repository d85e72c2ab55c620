import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeHex } from "../../../../src/signing/formats/hex.ts";
import {
	decodeEntries,
	decodeTile,
	encodeEntries,
	nodesFromTiles,
	parseTilePath,
	tilePath,
	tilesBetween,
} from "../../../../src/signing/tlog/tiles.ts";
import { proveConsistency, proveInclusion, treeHash } from "../../../../src/signing/tlog/tree.ts";
import { TestTree } from "../../../support/tlog/tree.ts";

describe("the path of a tile", () => {
	it.each([
		["tile/0/000", { level: 0, index: 0, width: 256 }],
		["tile/1/x001/x234/067", { level: 1, index: 1_234_067, width: 256 }],
		["tile/0/x001/000.p/1", { level: 0, index: 1_000, width: 1 }],
		["tile/entries/999.p/255", { level: "entries", index: 999, width: 255 }],
	] as const)("%s names it, and is read again", (path, tile) => {
		expect(tilePath(tile)).toBe(path);
		expect(parseTilePath(path)).toEqual(tile);
	});

	it.each([
		"tile/0/1",
		"tile/00/000",
		"tile/64/000",
		"tile/0/x000/001",
		"tile/0/000.p/0",
		"tile/0/000.p/256",
		"tile/0/000.p/01",
		"tile/0/001/000",
		"tile/0/x001",
		"tile/-1/000",
		"tile/0/../000",
		"tile/0/000/",
		"tile/data/000",
	])("%s is none", (path) => {
		expect(parseTilePath(path)).toBeNull();
	});
});

describe("the files of a tree", () => {
	it("of 70,000 leaves are those that the specification counts", () => {
		const tiles = tilesBetween(0, 70_000);
		const countOf = (level: number | "entries", isFull: boolean) =>
			tiles.filter((tile) => tile.level === level && (tile.width === 256) === isFull).length;
		expect([countOf(0, true), countOf("entries", true), countOf(1, true), countOf(2, true)]).toEqual([273, 273, 1, 0]);
		expect(tiles.filter(({ width }) => width < 256).map(tilePath)).toEqual([
			"tile/0/273.p/112",
			"tile/entries/273.p/112",
			"tile/1/001.p/17",
			"tile/2/000.p/1",
		]);
	});

	it("of 256 leaves are one full tile, its entries, and one hash above", () => {
		expect(tilesBetween(0, 256).map(tilePath)).toEqual(["tile/0/000", "tile/entries/000", "tile/1/000.p/1"]);
	});

	it("after one more leaf are one tile and one bundle, but for the end of a tile", () => {
		expect(tilesBetween(70_000, 70_001).map(tilePath)).toEqual(["tile/0/273.p/113", "tile/entries/273.p/113"]);
		expect(tilesBetween(70_000, 70_000)).toEqual([]);
	});

	it("written step by step are those that are written at once, and nothing is written twice", () => {
		fc.assert(
			fc.property(fc.array(fc.nat(600), { maxLength: 12 }), (steps) => {
				const written = new Set<string>();
				let size = 0;
				for (const step of steps) {
					for (const path of tilesBetween(size, size + step).map(tilePath)) {
						expect(written.has(path)).toBe(false);
						written.add(path);
					}
					size += step;
				}
				for (const path of tilesBetween(0, size).map(tilePath)) expect(written.has(path), path).toBe(true);
			}),
		);
	});
});

describe("hashes read from tiles", () => {
	let tree: TestTree;
	beforeAll(async () => {
		tree = await TestTree.of(600);
	});

	it("give the roots and proofs that the leaves give", async () => {
		const anyCase = fc
			.integer({ min: 1, max: 600 })
			.chain((size) => fc.record({ size: fc.constant(size), index: fc.nat(size - 1) }));
		await fc.assert(
			fc.asyncProperty(anyCase, async ({ size, index }) => {
				const files = await tree.files(0, size);
				const read = nodesFromTiles(size, async (tile) => {
					const bytes = files.get(tilePath(tile));
					if (bytes === undefined) throw new Error(`${tilePath(tile)} is not there`);
					return decodeTile(bytes) ?? [];
				});
				expect(encodeHex(await treeHash(size, read))).toBe(encodeHex(await treeHash(size, tree.read)));
				expect(await proveInclusion(index, size, read)).toEqual(await proveInclusion(index, size, tree.read));
				expect(await proveConsistency(index, size, read)).toEqual(await proveConsistency(index, size, tree.read));
			}),
			{ numRuns: 15 },
		);
	});
});

describe("a bundle of entries", () => {
	it("is read as it was written, and not where it ends within an entry", () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), fc.nat(100), (entries, cut) => {
				const bytes = encodeEntries(entries);
				expect(decodeEntries(bytes)?.map(encodeHex)).toEqual(entries.map(encodeHex));
				const short = decodeEntries(bytes.subarray(0, Math.max(0, bytes.length - 1 - cut)));
				expect(short === null || short.length < entries.length || entries.length === 0).toBe(true);
			}),
		);
	});
});
