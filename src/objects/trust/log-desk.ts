// The deployment's transparency log. Its leaves get their order in the transaction of the change that they are about; what follows is
// told to R2 step by step, each of which may be the last of this life: tiles, then the head is swapped here, then it is signed and
// written, then the proofs. A checkpoint is therefore never of a tree that R2 has not got, and there is one head after another.
import { parseCheckpoint, signCheckpoint } from "../../signing/tlog/checkpoint.ts";
import { encodeEntry, type LogEntry } from "../../signing/tlog/entries.ts";
import { emptyRoot, isSameHash, leafHash } from "../../signing/tlog/hashes.ts";
import { logOrigin, logSigners } from "../../signing/tlog/log-keys.ts";
import type { NoteSigner } from "../../signing/tlog/note.ts";
import { formatProof } from "../../signing/tlog/proof-file.ts";
import {
	encodeEntries,
	encodeTile,
	foldHashes,
	nodesFromTiles,
	TILE_WIDTH,
	type Tile,
	tileIn,
	tilePath,
	tilesBetween,
} from "../../signing/tlog/tiles.ts";
import { proveInclusion, treeHash } from "../../signing/tlog/tree.ts";
import { TOP_LEVEL_ROLES } from "../../signing/tuf/metadata.ts";
import { logKey, tufKey } from "../../storage/keys.ts";
import { CHECKPOINT_FILE, type LogStore } from "../../storage/r2-log-store.ts";
import type { LogHead, LogTables, NewLeaf } from "./log-tables.ts";

const encoder = new TextEncoder();

export interface LogDeskOptions {
	readonly storage: Pick<DurableObjectStorage, "transactionSync">;
	readonly tables: LogTables;
	readonly store: () => LogStore;
	readonly macKeys: string;
	/** the service's origin now; the log keeps the name that it began with */
	readonly issuer: string;
}

export class LogDesk {
	readonly #options: LogDeskOptions;
	#signers: { readonly origin: string; readonly all: Promise<readonly NoteSigner[]> } | undefined;
	/** whether R2 was seen to be no further than this log, in this life */
	#isCompared = false;

	constructor(options: LogDeskOptions) {
		this.#options = options;
	}

	/** @param hasTables whether there can be a log yet @returns its name, and its keys as who verifies is given them */
	async describe(hasTables: boolean): Promise<{ origin: string; keys: string[] }> {
		const head = hasTables ? this.#options.tables.head() : null;
		const origin = head?.origin ?? logOrigin(this.#options.issuer);
		return { origin, keys: (await this.#signersOf(origin)).map(({ verifierKey }) => verifierKey) };
	}

	/** @returns what `add` takes */
	async prepare(entries: readonly LogEntry[]): Promise<NewLog> {
		const leaves = entries.map(async (entry): Promise<NewLeaf & { readonly of: LogEntry }> => {
			const bytes = encodeEntry(entry);
			return { of: entry, entry: new TextDecoder().decode(bytes), hash: await leafHash(bytes) };
		});
		return { root: await emptyRoot(), leaves: await Promise.all(leaves) };
	}

	/** Within the transaction of what the entries are about. */
	add({ root, leaves }: NewLog): void {
		const { tables, issuer } = this.#options;
		if (tables.head() === null) tables.open(logOrigin(issuer), root);
		for (const leaf of leaves) {
			const idx = tables.add(leaf);
			const { of } = leaf;
			// Devices install by the role files of products, and get a proof beside each.
			if (of.kind === "role" && !isTopLevel(of.role)) tables.oweProof({ role: of.role, version: of.version, idx });
		}
	}

	/** Whether R2 lacks something of it. */
	hasWork(): boolean {
		const { tables } = this.#options;
		const head = tables.head();
		return head !== null && (tables.size() > head.size || head.written === "" || tables.hasOwedProof());
	}

	/** Tells R2 what it lacks. @throws what the store throws, and where R2 is further than this log */
	async publish(): Promise<void> {
		const { tables, store } = this.#options;
		const before = tables.head();
		if (before === null) return;
		if (!this.#isCompared) await this.#compare(before);
		this.#isCompared = true;
		const size = tables.size();
		if (size > before.size) await this.#advance(before, size);
		const head = tables.head() ?? before;
		const signers = await this.#signersOf(head.origin);
		const checkpoint = await signCheckpoint(head, signers);
		if (checkpoint !== head.written) {
			await store().replace(logKey(CHECKPOINT_FILE), checkpoint);
			tables.noteCheckpoint(checkpoint);
		}
		const keys = signers.map(({ verifierKey }) => verifierKey).join(" ");
		const read = nodesFromTiles(head.size, this.#readTile);
		for (const owed of tables.owedProofs(keys)) {
			const hashes = await proveInclusion(owed.idx, head.size, read);
			const key = tufKey(`${owed.version}.${owed.role}.tlog-proof`);
			await store().replace(key, formatProof({ index: owed.idx, hashes, checkpoint }));
			tables.noteProof(owed, keys);
		}
		await this.#sweep(head);
	}

	async #advance(head: LogHead, size: number): Promise<void> {
		const { tables, store, storage } = this.#options;
		await this.#raiseHashes(head.size, size);
		const put = (tile: Tile) =>
			store().putOnce(
				logKey(tilePath(tile)),
				tile.level === "entries"
					? encodeEntries(tables.entries(tile).map((entry) => encoder.encode(entry)))
					: encodeTile(tables.hashes(tile)),
			);
		await Promise.all(tilesBetween(head.size, size).map(put));
		const root = await treeHash(size, nodesFromTiles(size, this.#readTile));
		if (!storage.transactionSync(() => tables.advance(head, { size, root })))
			throw new Error("the log's head was moved by another");
	}

	/**
	 * An object that was set back to an earlier time would sign a second tree beside the one that was served; or the smaller one again, by
	 * other keys, where it has no leaf to add.
	 */
	async #compare(head: LogHead): Promise<void> {
		const served = parseCheckpoint((await this.#options.store().read(logKey(CHECKPOINT_FILE))) ?? "");
		if (served === null) return;
		if (served.size > head.size || (served.size === head.size && !isSameHash(served.root, head.root)))
			throw new Error(`R2 has a checkpoint of ${served.size} leaves that the log with ${head.size} has not signed`);
	}

	/** Hashes over tiles that have become whole. */
	async #raiseHashes(from: number, to: number): Promise<void> {
		let [first, end] = [from, to];
		for (let level = 0; ; level++) {
			[first, end] = [Math.floor(first / TILE_WIDTH), Math.floor(end / TILE_WIDTH)];
			if (first === end) return;
			for (let index = first; index < end; index++) {
				const hash = await foldHashes(this.#options.tables.hashes({ level, index, width: TILE_WIDTH }));
				this.#options.tables.saveHash(level + 1, index, hash);
			}
		}
	}

	/** Partial tiles go once the whole one is there, which serves who asks for them (C2SP tlog-tiles, "Partial Tiles"). */
	async #sweep({ size, swept }: LogHead): Promise<void> {
		const { tables, store } = this.#options;
		for (let index = swept; index < Math.floor(size / TILE_WIDTH); index++) {
			for (const tile of tilesEndingWith(index, size)) {
				const widths = Array.from({ length: TILE_WIDTH - 1 }, (_, at) => at + 1);
				await store().drop(widths.map((width) => logKey(tilePath({ ...tile, width }))));
			}
			tables.noteSwept(index + 1);
		}
	}

	readonly #readTile = async (tile: Tile) => this.#options.tables.hashes(tile);

	#signersOf(origin: string): Promise<readonly NoteSigner[]> {
		if (this.#signers?.origin !== origin) this.#signers = { origin, all: logSigners(this.#options.macKeys, origin) };
		return this.#signers.all;
	}
}

function isTopLevel(role: string): boolean {
	return (TOP_LEVEL_ROLES as readonly string[]).includes(role);
}

/** Leaves that are hashed, and the root with which a log begins. */
export interface NewLog {
	readonly root: NewLeaf["hash"];
	readonly leaves: readonly (NewLeaf & { readonly of: LogEntry })[];
}

/** @returns the tiles of every level that became whole with the whole tile of this index on level 0 */
function tilesEndingWith(index: number, size: number): Tile[] {
	const tiles: Tile[] = [tileIn(size, "entries", index), tileIn(size, 0, index)];
	let above = index;
	for (let level = 1; above % TILE_WIDTH === TILE_WIDTH - 1; level++) {
		above = Math.floor(above / TILE_WIDTH);
		tiles.push(tileIn(size, level, above));
	}
	return tiles;
}
