// A log as it is served, seen again and again by somebody who remembers: each time the checkpoint verifies, all files are there for it,
// and it begins with everything that was seen before.
import { expect } from "vitest";
import { openCheckpoint } from "../../../src/signing/tlog/checkpoint.ts";
import { encodeEntry, entryOfFile } from "../../../src/signing/tlog/entries.ts";
import { leafHash } from "../../../src/signing/tlog/hashes.ts";
import { parseVerifierKeys } from "../../../src/signing/tlog/log-keys.ts";
import { verifyProof } from "../../../src/signing/tlog/proof-file.ts";
import {
	decodeEntries,
	decodeTile,
	nodesFromTiles,
	TILE_WIDTH,
	tileIn,
	tilePath,
} from "../../../src/signing/tlog/tiles.ts";
import { treeHash } from "../../../src/signing/tlog/tree.ts";

export class ServedLog {
	/** the entries that were seen */
	lines: string[] = [];
	readonly #keys: readonly string[];
	readonly #read: (path: string) => string | Uint8Array | undefined;

	constructor(keys: readonly string[], read: (path: string) => string | Uint8Array | undefined) {
		this.#keys = keys;
		this.#read = read;
	}

	#file(path: string): Uint8Array {
		const found = this.#read(path);
		if (found === undefined) throw new Error(`the log has no ${path}`);
		return Buffer.from(found);
	}

	async walk(): Promise<void> {
		const note = this.#read("checkpoint");
		if (note === undefined) {
			expect(this.lines).toEqual([]);
			return;
		}
		const opened = await openCheckpoint(String(note), await parseVerifierKeys(this.#keys));
		if (!opened.ok) throw new Error(`the checkpoint: ${opened.reason}`);
		const { size, root } = opened.checkpoint;
		const entries: Uint8Array[] = [];
		for (let index = 0; index * TILE_WIDTH < size; index++)
			entries.push(...(decodeEntries(this.#file(tilePath(tileIn(size, "entries", index)))) ?? []));
		const leaves = await Promise.all(entries.map(leafHash));
		const tiles = nodesFromTiles(size, async (tile) => decodeTile(this.#file(tilePath(tile))) ?? []);
		expect(await treeHash(size, tiles)).toEqual(root);
		for (const [index, leaf] of leaves.entries()) expect(await tiles(0, index)).toEqual(leaf);
		const lines = entries.map((entry) => Buffer.from(entry).toString());
		expect(lines.slice(0, this.lines.length)).toEqual(this.lines);
		expect(lines).toHaveLength(size);
		this.lines = lines;
	}

	/** @param text of the role file */
	async expectProved(product: string, version: number, text: string, proof: string): Promise<void> {
		const entry = encodeEntry(await entryOfFile(product, version, text));
		expect(await verifyProof(proof, entry, await parseVerifierKeys(this.#keys))).toMatchObject({ ok: true });
	}
}
