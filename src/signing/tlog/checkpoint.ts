// What a log says of itself, signed (C2SP tlog-checkpoint): its name, how many leaves it has, and the root over them.
import { decodeHash, encodeBase64 } from "./hashes.ts";
import { type NoteSigner, type OpenedNote, openNote, signNote, type VerifierKey } from "./note.ts";
import { MAX_TREE_SIZE, type TreeHead } from "./tree.ts";

export interface Checkpoint extends TreeHead {
	/** the log's name, which is also that of its keys */
	readonly origin: string;
}

export type OpenedCheckpoint =
	| { readonly ok: true; readonly checkpoint: Checkpoint }
	| { readonly ok: false; readonly reason: Extract<OpenedNote, { ok: false }>["reason"] | "not_a_checkpoint" };

/** @param signers of the log, each of which signs */
export function signCheckpoint({ origin, size, root }: Checkpoint, signers: readonly NoteSigner[]): Promise<string> {
	return signNote(`${origin}\n${size}\n${encodeBase64(root)}\n`, signers);
}

/** @returns what the text of a checkpoint says, signed or not; null where it is none. Lines that follow are for others */
export function parseCheckpoint(text: string): Checkpoint | null {
	const [origin = "", size = "", hash = ""] = text.split("\n");
	const root = decodeHash(hash);
	if (origin === "" || !/^(0|[1-9]\d{0,15})$/.test(size) || root === null) return null;
	return Number(size) > MAX_TREE_SIZE ? null : { origin, size: Number(size), root };
}

/** @param keys of the log: one of them must have signed it, under the log's own name */
export async function openCheckpoint(note: string, keys: readonly VerifierKey[]): Promise<OpenedCheckpoint> {
	const opened = await openNote(note, keys);
	if (!opened.ok) return opened;
	const checkpoint = parseCheckpoint(opened.text);
	if (checkpoint === null) return { ok: false, reason: "not_a_checkpoint" };
	const isByLog = opened.signedBy.some(({ name }) => name === checkpoint.origin);
	return isByLog ? { ok: true, checkpoint } : { ok: false, reason: "unknown_keys" };
}
