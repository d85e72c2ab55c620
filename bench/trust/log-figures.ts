// What the transparency log costs, by the code that writes it: files for each entry, and the proof beside a role file.
import { signCheckpoint } from "../../src/signing/tlog/checkpoint.ts";
import { logSigners } from "../../src/signing/tlog/log-keys.ts";
import { formatProof } from "../../src/signing/tlog/proof-file.ts";
import { tilesBetween } from "../../src/signing/tlog/tiles.ts";
import { inclusionRanges } from "../../src/signing/tlog/tree.ts";

const LEAVES = 1_000_000;
const MAC_KEYS = "bench:iH97sCOnGjMd93MnR6LAGZtkgcgkIsR_eCUhW9Pr4os";
/** Checkpoint and proof; the tiles come to it. */
const OTHER_PUTS = 2;

export interface LogFigures {
	readonly leaves: number;
	/** of the file beside a role file that is the newest entry, and the largest that there is */
	readonly proofBytes: { readonly newest: number; readonly largest: number };
	/** into R2, for one more role file */
	readonly puts: { readonly usual: number; readonly most: number };
}

export async function logFigures(): Promise<LogFigures> {
	const origin = "updates.example.com/tlog";
	const root = new Uint8Array(32);
	const checkpoint = await signCheckpoint({ origin, size: LEAVES, root }, await logSigners(MAC_KEYS, origin));
	const bytesAt = (index: number) =>
		Buffer.byteLength(formatProof({ index, hashes: inclusionRanges(index, LEAVES).map(() => root), checkpoint }));
	const puts = [LEAVES, 256 ** 2 - 1].map((size) => tilesBetween(size, size + 1).length + OTHER_PUTS);
	return {
		leaves: LEAVES,
		proofBytes: { newest: bytesAt(LEAVES - 1), largest: bytesAt(524_287) },
		puts: { usual: puts[0] ?? 0, most: puts[1] ?? 0 },
	};
}
