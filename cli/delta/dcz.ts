// Deltas: a zstd frame with an earlier package as its dictionary, after the 40 bytes of RFC 9842 §4 that name this package by its
// SHA-256 and that zstd skips. So `zstd -d --patch-from` applies it as it is. The base is in memory, what comes out is streamed; its
// SHA-256 is for the caller to compare.
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open, readFile, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
// Not by name: a Node without zstd has none of these, and is to load this file all the same.
import * as zlib from "node:zlib";
import { DELTA_HEAD_BYTES, hasHeadOf } from "../../src/content/releases/delta.ts";
import { sha256Of } from "../files/file-digest.ts";

/** Frame of this type and length, which a decoder skips (RFC 8878 §3.1.2). */
const DCZ_FRAME = Buffer.from("5e2a4d1820000000", "hex");
/** Above that the best compression takes minutes. */
const BEST_UP_TO_BYTES = 50_000_000;
const [BEST_LEVEL, FAST_LEVEL] = [19, 3];
/** Of a window, binary logarithm of its bytes: the least of zstd, and the most that every decoder has room for. */
const [LEAST_WINDOW, MOST_WINDOW] = [10, 27];

/** @types/node does not know the dictionary yet */
type DictionaryOptions = zlib.ZstdOptions & { readonly dictionary?: Buffer; readonly pledgedSrcSize?: number };

let usable: boolean | undefined;

/** Whether this Node knows zstd with dictionaries; one that is older does without, and says nothing. */
export function canUseDictionaries(): boolean {
	if (usable !== undefined) return usable;
	if (!("zstdCompressSync" in zlib)) {
		usable = false;
		return usable;
	}
	const dictionary = Buffer.from(Array.from({ length: 256 }, (_, index) => (index * 167 + (index >> 3) * 31) % 256));
	const options: DictionaryOptions = { dictionary };
	usable = zlib.zstdCompressSync(dictionary, options).length < dictionary.length / 2;
	return usable;
}

/**
 * Writes the delta from one file to another, or with the base null a packed copy.
 * @param size bytes of the target
 */
export async function makeDelta(base: string | null, target: string, size: number, out: string): Promise<void> {
	const dictionary = base === null ? undefined : await readFile(base);
	// As `zstd --patch-from` sets it: nothing of the base may fall out of the window before the end.
	const windowLog = Math.ceil(Math.log2(Math.max(size, dictionary?.length ?? 0, 1)));
	const options: DictionaryOptions = {
		pledgedSrcSize: size,
		params: {
			[zlib.constants.ZSTD_c_compressionLevel]: size <= BEST_UP_TO_BYTES ? BEST_LEVEL : FAST_LEVEL,
			[zlib.constants.ZSTD_c_windowLog]: Math.min(Math.max(windowLog, LEAST_WINDOW), MOST_WINDOW),
		},
		...(dictionary !== undefined && { dictionary }),
	};
	await writeFile(out, dictionary === undefined ? "" : headOf(sha256Of(dictionary)), { mode: 0o600 });
	await pipeline(createReadStream(target), zlib.createZstdCompress(options), createWriteStream(out, { flags: "a" }));
}

/**
 * wrong_base: it is for another base; garbage: it is no such delta, or is cut short; too_long: more than `size` bytes come out;
 * too_short: fewer do
 */
export type DeltaFault = "wrong_base" | "garbage" | "too_long" | "too_short";

export type AppliedDelta =
	/** SHA-256 of what came out */
	{ readonly ok: true; readonly sha256: string } | { readonly ok: false; readonly fault: DeltaFault };

export interface DeltaUse {
	/** the file that is the base; null for a packed copy */
	readonly base: string | null;
	readonly delta: string;
	/** bytes that come out; never more are written */
	readonly size: number;
	/** where to; null = nowhere, only its SHA-256 is wanted */
	readonly out: string | null;
}

/** Applies a delta. @throws what the file system throws; what was written is then, and with a fault, for the caller to remove */
export async function applyDelta({ base, delta, size, out }: DeltaUse): Promise<AppliedDelta> {
	const dictionary = base === null ? undefined : await readFile(base);
	const head = await readHead(delta);
	if (!hasHeadOf(head, dictionary === undefined ? null : sha256Of(dictionary)))
		return { ok: false, fault: base !== null && isDelta(head) ? "wrong_base" : "garbage" };
	const options: DictionaryOptions = {
		params: { [zlib.constants.ZSTD_d_windowLogMax]: MOST_WINDOW },
		...(dictionary !== undefined && { dictionary }),
	};
	const source = createReadStream(delta, { start: dictionary === undefined ? 0 : DELTA_HEAD_BYTES });
	const decoder = zlib.createZstdDecompress(options);
	const hash = createHash("sha256");
	let file: FileHandle | undefined;
	let written = 0;
	try {
		file = out === null ? undefined : await open(out, "w", 0o600);
		source.on("error", (error) => decoder.destroy(error));
		for await (const chunk of source.pipe(decoder) as AsyncIterable<Buffer>) {
			written += chunk.length;
			if (written > size) return { ok: false, fault: "too_long" };
			hash.update(chunk);
			await file?.writeFile(chunk);
		}
	} catch (cause) {
		if (isOfZlib(cause)) return { ok: false, fault: "garbage" };
		throw cause;
	} finally {
		source.destroy();
		decoder.destroy();
		await file?.close();
	}
	return written < size ? { ok: false, fault: "too_short" } : { ok: true, sha256: hash.digest("hex") };
}

async function readHead(path: string): Promise<string> {
	const file = await open(path, "r");
	try {
		const { buffer, bytesRead } = await file.read(Buffer.alloc(DELTA_HEAD_BYTES), 0, DELTA_HEAD_BYTES, 0);
		return buffer.toString("hex", 0, bytesRead);
	} finally {
		await file.close();
	}
}

/** @param head hexadecimal @returns whether it is a delta, from whatever base */
function isDelta(head: string): boolean {
	return head.length === 2 * DELTA_HEAD_BYTES && hasHeadOf(head, head.slice(2 * DCZ_FRAME.length));
}

function headOf(dictionarySha256: string): Buffer {
	return Buffer.concat([DCZ_FRAME, Buffer.from(dictionarySha256, "hex")]);
}

/** zlib's errors say so by their code: ZSTD_error_…, Z_BUF_ERROR. */
function isOfZlib(cause: unknown): boolean {
	const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
	return code.startsWith("ZSTD_") || code.startsWith("Z_");
}
