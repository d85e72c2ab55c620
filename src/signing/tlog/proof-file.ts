// The proof that an entry is in a log, in a file of its own (C2SP tlog-proof): where it stands, the hashes beside its way to the root,
// and a checkpoint with that root. Who has the log's key checks it without asking anybody.
import { type OpenedCheckpoint, openCheckpoint } from "./checkpoint.ts";
import { decodeHash, encodeBase64, type Hash, leafHash } from "./hashes.ts";
import type { VerifierKey } from "./note.ts";
import { isIncluded } from "./tree.ts";

const HEADER = "c2sp.org/tlog-proof@v1";

export interface ProofFile {
	/** of the leaf */
	readonly index: number;
	readonly hashes: readonly Hash[];
	/** a checkpoint, signed */
	readonly checkpoint: string;
}

export type ProvedEntry =
	| { readonly ok: true; readonly index: number; readonly size: number; readonly origin: string }
	| {
			readonly ok: false;
			readonly reason: "not_a_proof" | "not_included" | Extract<OpenedCheckpoint, { ok: false }>["reason"];
	  };

export function formatProof({ index, hashes, checkpoint }: ProofFile): string {
	return [HEADER, `index ${index}`, ...hashes.map(encodeBase64), "", checkpoint].join("\n");
}

/** @returns null where it is no proof; nothing of it is verified */
export function parseProof(text: string): ProofFile | null {
	const split = text.indexOf("\n\n");
	const [header, ...lines] = text.slice(0, split).split("\n");
	if (split < 0 || header !== HEADER) return null;
	if (lines[0]?.startsWith("extra ")) lines.shift();
	const [, index] = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? "") ?? [];
	const hashes = lines.map(decodeHash).filter((hash) => hash !== null);
	if (index === undefined || hashes.length !== lines.length) return null;
	return { index: Number(index), hashes, checkpoint: text.slice(split + 2) };
}

/** @returns whether the entry is in the log whose keys these are */
export async function verifyProof(text: string, entry: Uint8Array, keys: readonly VerifierKey[]): Promise<ProvedEntry> {
	const proof = parseProof(text);
	if (proof === null) return { ok: false, reason: "not_a_proof" };
	const opened = await openCheckpoint(proof.checkpoint, keys);
	if (!opened.ok) return opened;
	const { origin, size } = opened.checkpoint;
	if (!(await isIncluded(await leafHash(entry), proof.index, proof.hashes, opened.checkpoint)))
		return { ok: false, reason: "not_included" };
	return { ok: true, index: proof.index, size, origin };
}
