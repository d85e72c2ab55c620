// The transparency log as anybody reads it: its checkpoint, verified by the log's keys, and its files. Nothing that the files say counts
// before it was led to the checkpoint's root.
import { type Checkpoint, openCheckpoint } from "../../src/signing/tlog/checkpoint.ts";
import { type Hash, isSameHash, leafHash } from "../../src/signing/tlog/hashes.ts";
import { parseVerifierKeys } from "../../src/signing/tlog/log-keys.ts";
import {
	decodeEntries,
	decodeTile,
	foldHashes,
	nodesFromTiles,
	TILE_WIDTH,
	type Tile,
	tileIn,
	tilePath,
} from "../../src/signing/tlog/tiles.ts";
import {
	isConsistent,
	isIncluded,
	proveConsistency,
	proveInclusion,
	type ReadNode,
	treeHash,
} from "../../src/signing/tlog/tree.ts";
import { CliError } from "../errors.ts";
import { exchangeBytes } from "../http/exchange.ts";

export interface OpenLog {
	readonly checkpoint: Checkpoint;
	/** as it was signed */
	readonly note: string;
	readonly readNode: ReadNode;
	/** @returns the entries of the bundle that are under the checkpoint; not verified */
	readonly bundle: (index: number) => Promise<Uint8Array<ArrayBuffer>[]>;
}

/** @throws CliError where there is no log, or none of the keys has signed its checkpoint */
export async function openLog(server: string, keys: readonly string[]): Promise<OpenLog> {
	const read = await fetchFile(server, "checkpoint");
	if (read === null)
		throw new CliError(`${server} has no log yet`, { code: "no_log", fix: "nothing was signed there" });
	const note = new TextDecoder().decode(read);
	const opened = await openCheckpoint(note, await parseVerifierKeys(keys));
	if (!opened.ok) throw untrue(`its checkpoint is not signed by the log's keys (${opened.reason})`);
	const { size } = opened.checkpoint;
	const tiles = new Map<string, Promise<readonly Hash[]>>();
	const readTile = (tile: Tile) => {
		const path = tilePath(tile);
		const known =
			tiles.get(path) ?? fetchTile(server, tile).then((bytes) => decodeTile(bytes)?.slice(0, tile.width) ?? []);
		tiles.set(path, known);
		return known;
	};
	return {
		...{ checkpoint: opened.checkpoint, note, readNode: nodesFromTiles(size, readTile) },
		async bundle(index) {
			const tile = tileIn(size, "entries", index);
			const entries = decodeEntries(await fetchTile(server, tile));
			if (entries === null || entries.length < tile.width)
				throw untrue(`${tilePath(tile)} is no whole bundle of entries`);
			return entries.slice(0, tile.width);
		},
	};
}

/** Reads all of it, and computes the root from the entries up. @param progress leaves so far @throws CliError */
export async function verifyWholeLog(log: OpenLog, progress: (leaves: number) => void): Promise<void> {
	const { size, root } = log.checkpoint;
	const leaves: Hash[] = [];
	for (let index = 0; index * TILE_WIDTH < size; index++) {
		for (const entry of await log.bundle(index)) leaves.push(await leafHash(entry));
		progress(leaves.length);
	}
	const nodes: ReadNode = (level, index) => foldHashes(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
	if (!isSameHash(await treeHash(size, nodes), root))
		throw untrue("its entries do not lead to the root that it has signed");
	if (!isSameHash(await treeHash(size, log.readNode), root))
		throw untrue("its tiles do not lead to the root that it has signed");
	for (const [index, leaf] of leaves.entries()) {
		if (!isSameHash(await log.readNode(0, index), leaf)) throw untrue(`entry ${index} is not that of its tile`);
	}
}

/** @param before an earlier checkpoint that was verified then @throws CliError unless the log begins with what it was */
export async function requireGrowth(before: Checkpoint, log: OpenLog): Promise<void> {
	const { checkpoint, readNode } = log;
	if (before.origin !== checkpoint.origin)
		throw untrue(`it is another log: ${checkpoint.origin}, not ${before.origin}`);
	if (before.size > checkpoint.size)
		throw untrue(`it went back: it had ${before.size} entries, and shows ${checkpoint.size}`, "log_went_back");
	const proof = await proveConsistency(before.size, checkpoint.size, readNode);
	if (!(await isConsistent(before, checkpoint, proof)))
		throw untrue(`it forked: its first ${before.size} entries are not those that it had signed before`, "log_forked");
}

/** @returns the entries from an index on, each led to the checkpoint's root @throws CliError */
export async function entriesFrom(
	from: number,
	log: OpenLog,
): Promise<{ index: number; entry: Uint8Array<ArrayBuffer> }[]> {
	const found: { index: number; entry: Uint8Array<ArrayBuffer> }[] = [];
	for (let bundle = Math.floor(from / TILE_WIDTH); bundle * TILE_WIDTH < log.checkpoint.size; bundle++) {
		for (const [at, entry] of (await log.bundle(bundle)).entries()) {
			const index = bundle * TILE_WIDTH + at;
			if (index < from) continue;
			await proveEntry(index, entry, log);
			found.push({ index, entry });
		}
	}
	return found;
}

/** @returns the proof that the entry stands at the index @throws CliError where it does not */
export async function proveEntry(index: number, entry: Uint8Array, log: OpenLog): Promise<Hash[]> {
	const proof = await proveInclusion(index, log.checkpoint.size, log.readNode);
	if (await isIncluded(await leafHash(entry), index, proof, log.checkpoint)) return proof;
	throw untrue(`entry ${index} does not lead to the root that it has signed`);
}

function untrue(what: string, code = "log_untrue"): CliError {
	const fix =
		"keep this checkpoint and the one before it as evidence, install nothing new, and tell the operator and all who watch";
	return new CliError(`the log is not what it says: ${what}`, { code, fix });
}

/** The whole tile serves who asks for a part of it that is gone. */
async function fetchTile(server: string, tile: Tile): Promise<Uint8Array> {
	const found =
		(await fetchFile(server, tilePath(tile))) ?? (await fetchFile(server, tilePath({ ...tile, width: TILE_WIDTH })));
	if (found === null) throw untrue(`${tilePath(tile)} is not there`);
	return found;
}

/** @returns null where there is no such file */
async function fetchFile(server: string, path: string): Promise<Uint8Array | null> {
	const url = `${server}/tlog/${path}`;
	const { status, bytes } = await exchangeBytes({ method: "GET", url });
	if (status === 404) return null;
	if (status !== 200)
		throw new CliError(`${url}: the service answered ${status}`, { code: "unexpected_answer", fix: "try again later" });
	return bytes;
}
