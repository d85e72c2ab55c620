// Laws of the log's tree, and roots that others have computed.
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeHex } from "../../../../src/signing/formats/hex.ts";
import { emptyRoot, type Hash } from "../../../../src/signing/tlog/hashes.ts";
import {
	inclusionRanges,
	isConsistent,
	isIncluded,
	proveConsistency,
	proveInclusion,
	treeHash,
} from "../../../../src/signing/tlog/tree.ts";
import { TestTree } from "../../../support/tlog/tree.ts";

const MOST = 40;
let tree: TestTree;
let roots: Hash[];

beforeAll(async () => {
	tree = await TestTree.of(MOST);
	roots = await Promise.all(Array.from({ length: MOST + 1 }, (_, size) => treeHash(size, tree.read)));
});

const headOf = (size: number) => ({ size, root: roots[size] ?? new Uint8Array(32) });
const leafOf = (index: number) => tree.leaves[index] ?? new Uint8Array(32);
const flip = (hash: Hash, bit: number) => hash.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

describe("the root over leaves", () => {
	it("is that of Certificate Transparency's reference tests, for their eight leaves", async () => {
		const theirs = new TestTree();
		const leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
		for (const leaf of leaves) await theirs.add(Uint8Array.from(Buffer.from(leaf, "hex")));
		const found = await Promise.all(leaves.map((_, at) => treeHash(at + 1, theirs.read)));
		expect(found.map(encodeHex)).toEqual([
			"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
			"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
			"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
			"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
			"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
			"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
			"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
		]);
	});

	it("is the hash of nothing where there are none", async () => {
		expect(encodeHex(await emptyRoot())).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	});
});

describe("the proof that a leaf is in a tree", () => {
	it("verifies for each leaf of each tree, and has one hash for each level at most", async () => {
		for (let size = 1; size <= MOST; size++) {
			for (let index = 0; index < size; index++) {
				const proof = await proveInclusion(index, size, tree.read);
				expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
				expect(await isIncluded(leafOf(index), index, proof, headOf(size)), `${index} of ${size}`).toBe(true);
			}
		}
	});

	it("verifies for no other leaf, index, size or root, and not altered", async () => {
		const anyCase = fc.nat(MOST - 2).chain((last) =>
			fc.record({
				size: fc.constant(last + 2),
				index: fc.nat(last + 1),
				other: fc.nat(last + 1),
				bit: fc.nat(255),
				at: fc.nat(20),
			}),
		);
		await fc.assert(
			fc.asyncProperty(anyCase, async ({ size, index, other, bit, at }) => {
				const [leaf, head] = [leafOf(index), headOf(size)];
				const proof = await proveInclusion(index, size, tree.read);
				const altered = proof.map((hash, place) => (place === at % proof.length ? flip(hash, bit) : hash));
				expect(await isIncluded(leaf, index, altered, head)).toBe(false);
				expect(await isIncluded(flip(leaf, bit), index, proof, head)).toBe(false);
				expect(await isIncluded(leaf, index, proof, { size, root: flip(head.root, bit) })).toBe(false);
				expect(await isIncluded(leaf, index, proof.slice(1), head)).toBe(false);
				expect(await isIncluded(leaf, index, [...proof, leaf], head)).toBe(false);
				expect(await isIncluded(leaf, size, proof, head)).toBe(false);
				if (other !== index) {
					expect(await isIncluded(leafOf(other), index, proof, head)).toBe(false);
					expect(await isIncluded(leaf, other, proof, head)).toBe(false);
				}
			}),
		);
	});

	it("is 20 hashes in a tree of a million leaves, or fewer", () => {
		const lengths = [0, 1, 524_287, 524_288, 999_999].map((index) => inclusionRanges(index, 1_000_000).length);
		expect(lengths).toEqual([20, 20, 20, 20, 12]);
	});
});

describe("the proof that a tree begins with a smaller one", () => {
	it("verifies between every two sizes", async () => {
		for (let to = 0; to <= MOST; to++) {
			for (let from = 0; from <= to; from++) {
				const proof = await proveConsistency(from, to, tree.read);
				expect(await isConsistent(headOf(from), headOf(to), proof), `${from} to ${to}`).toBe(true);
			}
		}
	});

	it("verifies for no other heads, and not altered", async () => {
		const anyCase = fc.record({
			from: fc.integer({ min: 1, max: MOST }),
			more: fc.nat(MOST),
			bit: fc.nat(255),
			at: fc.nat(20),
		});
		await fc.assert(
			fc.asyncProperty(anyCase, async ({ from, more, bit, at }) => {
				const to = Math.min(from + more, MOST);
				const [before, after] = [headOf(from), headOf(to)];
				const proof = await proveConsistency(from, to, tree.read);
				expect(await isConsistent({ ...before, root: flip(before.root, bit) }, after, proof)).toBe(false);
				expect(await isConsistent(before, { ...after, root: flip(after.root, bit) }, proof)).toBe(false);
				expect(await isConsistent(before, after, [...proof, after.root])).toBe(false);
				if (to > from) expect(await isConsistent(after, before, proof)).toBe(false);
				if (proof.length === 0) return;
				const altered = proof.map((hash, place) => (place === at % proof.length ? flip(hash, bit) : hash));
				expect(await isConsistent(before, after, altered)).toBe(false);
				expect(await isConsistent(before, after, proof.slice(1))).toBe(false);
			}),
		);
	});

	it("verifies for no tree with another leaf in the beginning", async () => {
		const anyCase = fc.record({ from: fc.integer({ min: 1, max: 20 }), more: fc.nat(20), changed: fc.nat(19) });
		await fc.assert(
			fc.asyncProperty(anyCase, async ({ from, more, changed }) => {
				const forked = new TestTree();
				forked.leaves.push(...tree.leaves.slice(0, from + more));
				forked.leaves[changed % from] = flip(leafOf(changed % from), 0);
				const root = await treeHash(from + more, forked.read);
				const proof = await proveConsistency(from, from + more, forked.read);
				expect(await isConsistent(headOf(from), { size: from + more, root }, proof)).toBe(false);
			}),
		);
	});
});
