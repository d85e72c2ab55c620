// The tree as files (C2SP tlog-tiles): tiles of 256 hashes each, whose hashes on level n + 1 are over whole tiles of level n, and
// bundles of the entries under level 0. The last one of each level may be narrower, and has its width in its name.
import { HASH_BYTES, type Hash, joinBytes, nodeHash } from "./hashes.ts";
import type { ReadNode } from "./tree.ts";

export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
/** An entry's length is written in two bytes. */
export const MAX_ENTRY_BYTES = 0xffff;

export interface Tile {
	/** entries: not hashes but what the leaves of the tile on level 0 are over */
	readonly level: number | "entries";
	readonly index: number;
	/** 1 to 256 */
	readonly width: number;
}

/** @returns where the tile is served, below the log's address: tile/0/x001/234.p/8 */
export function tilePath({ level, index, width }: Tile): string {
	const groups = [String(index % 1_000).padStart(3, "0")];
	for (let rest = Math.floor(index / 1_000); rest > 0; rest = Math.floor(rest / 1_000))
		groups.unshift(`x${String(rest % 1_000).padStart(3, "0")}`);
	return `tile/${level}/${groups.join("/")}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

const PATH = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/(\d{1,3}))?$/;

/** @returns null unless `tilePath` makes exactly this path */
export function parseTilePath(path: string): Tile | null {
	const [, level, index, width] = PATH.exec(path) ?? [];
	if (level === undefined || index === undefined) return null;
	const tile: Tile = {
		level: level === "entries" ? level : Number(level),
		index: Number(index.replaceAll(/[x/]/g, "")),
		width: width === undefined ? TILE_WIDTH : Number(width),
	};
	return (tile.level === "entries" || tile.level < 64) && tile.width > 0 && tilePath(tile) === path ? tile : null;
}

/** @returns how many hashes a tree of this size has on a level of tiles */
function hashesOn(level: number, size: number): number {
	return Math.floor(size / TILE_WIDTH ** level);
}

/** @returns the tile of a tree of this size, as wide as it is there */
export function tileIn(size: number, level: number | "entries", index: number): Tile {
	const hashes = hashesOn(level === "entries" ? 0 : level, size);
	return { level, index, width: Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH) };
}

/** @returns the files that a tree of `to` leaves has and its beginning of `from` leaves has not; from 0 all of them */
export function tilesBetween(from: number, to: number): Tile[] {
	const tiles: Tile[] = [];
	for (let level = 0; hashesOn(level, to) > hashesOn(level, from); level++) {
		const first = Math.floor(hashesOn(level, from) / TILE_WIDTH);
		for (let index = first; index * TILE_WIDTH < hashesOn(level, to); index++) {
			tiles.push(tileIn(to, level, index));
			if (level === 0) tiles.push(tileIn(to, "entries", index));
		}
	}
	return tiles;
}

/** @returns the hash over hashes that stand side by side @throws RangeError unless there are 1, 2, 4 … of them */
export async function foldHashes(hashes: readonly Hash[]): Promise<Hash> {
	const [first, ...others] = hashes;
	if (first === undefined) throw new RangeError("nothing to hash");
	if (others.length === 0) return first;
	if (hashes.length % 2 === 1) throw new RangeError("not a whole subtree");
	const middle = hashes.length / 2;
	return nodeHash(await foldHashes(hashes.slice(0, middle)), await foldHashes(hashes.slice(middle)));
}

/** @param readTile @returns the tile's hashes, as many as it is wide. It may be asked for one again and again */
export function nodesFromTiles(size: number, readTile: (tile: Tile) => Promise<readonly Hash[]>): ReadNode {
	return async (level, index) => {
		const count = 2 ** (level % TILE_HEIGHT);
		const first = index * count;
		const tile = tileIn(size, Math.floor(level / TILE_HEIGHT), Math.floor(first / TILE_WIDTH));
		const at = first % TILE_WIDTH;
		return foldHashes((await readTile(tile)).slice(at, at + count));
	};
}

export function encodeTile(hashes: readonly Hash[]): Uint8Array<ArrayBuffer> {
	return joinBytes(...hashes);
}

/** @returns null unless it is whole hashes */
export function decodeTile(bytes: Uint8Array): Hash[] | null {
	if (bytes.length % HASH_BYTES !== 0) return null;
	return Array.from({ length: bytes.length / HASH_BYTES }, (_, at) =>
		Uint8Array.from(bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)),
	);
}

/** @param entries of at most MAX_ENTRY_BYTES each */
export function encodeEntries(entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	return joinBytes(...entries.flatMap((entry) => [[entry.length >> 8, entry.length & 0xff], entry]));
}

/** @returns null where the bytes end within an entry */
export function decodeEntries(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] | null {
	const entries: Uint8Array<ArrayBuffer>[] = [];
	for (let at = 0; at < bytes.length; ) {
		const [high, low] = [bytes[at], bytes[at + 1]];
		if (high === undefined || low === undefined) return null;
		const end = at + 2 + high * 256 + low;
		if (end > bytes.length) return null;
		entries.push(Uint8Array.from(bytes.subarray(at + 2, end)));
		at = end;
	}
	return entries;
}
