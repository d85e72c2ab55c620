// A log in memory for tests: all hashes of its tree, and its files as they would be served.
import { type Hash, leafHash } from "../../../src/signing/tlog/hashes.ts";
import {
	encodeEntries,
	encodeTile,
	foldHashes,
	TILE_WIDTH,
	type Tile,
	tilePath,
	tilesBetween,
} from "../../../src/signing/tlog/tiles.ts";
import type { ReadNode } from "../../../src/signing/tlog/tree.ts";

export class TestTree {
	readonly entries: Uint8Array<ArrayBuffer>[] = [];
	readonly leaves: Hash[] = [];
	readonly #nodes = new Map<string, Promise<Hash>>();

	static async of(size: number): Promise<TestTree> {
		const tree = new TestTree();
		for (let index = 0; index < size; index++) await tree.add(`entry ${index}`);
		return tree;
	}

	async add(entry: string | Uint8Array): Promise<void> {
		const bytes = Uint8Array.from(typeof entry === "string" ? new TextEncoder().encode(entry) : entry);
		this.entries.push(bytes);
		this.leaves.push(await leafHash(bytes));
	}

	readonly read: ReadNode = (level, index) => {
		const place = `${level} ${index}`;
		const known = this.#nodes.get(place);
		if (known !== undefined) return known;
		const hash = foldHashes(this.leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
		this.#nodes.set(place, hash);
		return hash;
	};

	async hashesOf({ level, index, width }: Tile): Promise<Hash[]> {
		const height = level === "entries" ? 0 : 8 * level;
		return Promise.all(Array.from({ length: width }, (_, at) => this.read(height, index * TILE_WIDTH + at)));
	}

	/** @returns the files of the tree of `size` leaves that one of `from` has not, by path */
	async files(from: number, size: number): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
		const files = tilesBetween(from, size).map(async (tile): Promise<[string, Uint8Array<ArrayBuffer>]> => {
			const start = tile.index * TILE_WIDTH;
			if (tile.level === "entries")
				return [tilePath(tile), encodeEntries(this.entries.slice(start, start + tile.width))];
			return [tilePath(tile), encodeTile(await this.hashesOf(tile))];
		});
		return new Map(await Promise.all(files));
	}
}
