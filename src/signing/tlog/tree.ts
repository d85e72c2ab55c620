// A Merkle tree of leaves that only come (RFC 6962 §2): its root, the proof that a leaf is in it, and the proof that a larger tree
// begins with a smaller one. A proof is first a list of ranges of leaves, which depends on numbers alone, and then their hashes.
import { emptyRoot, type Hash, isSameHash, nodeHash } from "./hashes.ts";

/** Numbers of leaves and indices stay exact far beyond it. */
export const MAX_TREE_SIZE = 2 ** 40;

/** Leaves from `start` to before `end`. */
export interface Range {
	readonly start: number;
	readonly end: number;
}

/** @returns the hash over the 2^level leaves from index × 2^level on, all of which the tree has */
export type ReadNode = (level: number, index: number) => Promise<Hash>;

/** @param size at least 2 @returns the largest power of two below it */
function largestPowerBelow(size: number): number {
	let power = 1;
	while (power * 2 < size) power *= 2;
	return power;
}

/** The hash over a range that stands in the tree as a subtree (MTH of RFC 6962 §2.1). */
export async function rangeHash({ start, end }: Range, read: ReadNode): Promise<Hash> {
	const size = end - start;
	if (size === 1) return read(0, start);
	const half = largestPowerBelow(size);
	if (half * 2 === size) return read(Math.log2(size), start / size);
	const middle = start + half;
	const left = await rangeHash({ start, end: middle }, read);
	return nodeHash(left, await rangeHash({ start: middle, end }, read));
}

export function treeHash(size: number, read: ReadNode): Promise<Hash> {
	return size === 0 ? emptyRoot() : rangeHash({ start: 0, end: size }, read);
}

/** @returns of the proof that the leaf is in the tree, from the leaf up (RFC 6962 §2.1.1) */
export function inclusionRanges(index: number, size: number): Range[] {
	const ranges: Range[] = [];
	let [start, end] = [0, size];
	while (end - start > 1) {
		const middle = start + largestPowerBelow(end - start);
		if (index < middle) {
			ranges.unshift({ start: middle, end });
			end = middle;
		} else {
			ranges.unshift({ start, end: middle });
			start = middle;
		}
	}
	return ranges;
}

/** @param from at least 1, at most `to` @returns of the proof that the tree of `to` leaves begins with that of `from` (RFC 6962 §2.1.2) */
export function consistencyRanges(from: number, to: number): Range[] {
	const ranges: Range[] = [];
	let [start, end] = [0, to];
	while (end !== from) {
		const middle = start + largestPowerBelow(end - start);
		if (from <= middle) {
			ranges.unshift({ start: middle, end });
			end = middle;
		} else {
			ranges.unshift({ start, end: middle });
			start = middle;
		}
	}
	// The whole smaller tree is known to who asks.
	if (start > 0) ranges.unshift({ start, end: from });
	return ranges;
}

export function proveInclusion(index: number, size: number, read: ReadNode): Promise<Hash[]> {
	return Promise.all(inclusionRanges(index, size).map((range) => rangeHash(range, read)));
}

export function proveConsistency(from: number, to: number, read: ReadNode): Promise<Hash[]> {
	return from === 0 ? Promise.resolve([]) : Promise.all(consistencyRanges(from, to).map((one) => rangeHash(one, read)));
}

export interface TreeHead {
	/** leaves */
	readonly size: number;
	readonly root: Hash;
}

/** @returns whether the proof leads from this leaf at this index to the head */
export async function isIncluded(
	leaf: Hash,
	index: number,
	proof: readonly Hash[],
	{ size, root }: TreeHead,
): Promise<boolean> {
	if (!Number.isSafeInteger(index) || index < 0 || index >= size || size > MAX_TREE_SIZE) return false;
	const ranges = inclusionRanges(index, size);
	if (ranges.length !== proof.length) return false;
	let hash = leaf;
	for (const [at, sibling] of proof.entries()) {
		const isRight = (ranges[at]?.start ?? 0) > index;
		hash = await (isRight ? nodeHash(hash, sibling) : nodeHash(sibling, hash));
	}
	return isSameHash(hash, root);
}

/** @returns whether the proof shows that the larger tree begins with the smaller; false also where `to` is the smaller one */
export async function isConsistent(from: TreeHead, to: TreeHead, proof: readonly Hash[]): Promise<boolean> {
	if (from.size > to.size || to.size > MAX_TREE_SIZE) return false;
	if (from.size === 0) return proof.length === 0 && isSameHash(from.root, await emptyRoot());
	const ranges = consistencyRanges(from.size, to.size);
	if (ranges.length !== proof.length) return false;
	const parts = ranges.map((range, at) => ({ range, hash: proof[at] ?? from.root }));
	const begin = parts[0]?.range.end === from.size ? parts.shift() : undefined;
	let [before, after] = [begin?.hash ?? from.root, begin?.hash ?? from.root];
	for (const { range, hash } of parts) {
		if (range.start >= from.size) after = await nodeHash(after, hash);
		else [before, after] = [await nodeHash(hash, before), await nodeHash(hash, after)];
	}
	return isSameHash(before, from.root) && isSameHash(after, to.root);
}
