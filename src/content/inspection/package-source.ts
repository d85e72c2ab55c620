// Where the bytes of a package come from while it is looked at: a file on a publisher's disk, an object in R2.

export interface PackageSource {
	/** bytes */
	readonly size: number;
	/** @returns pieces of the bytes from an offset on, `length` of them or all to the end; whoever stops early ends the reading */
	read(offset: number, length?: number): AsyncIterable<Uint8Array>;
}

/** How a packing is undone, piece by piece; its errors are those of damaged bytes. null = it cannot be undone here */
export interface Unpackers {
	readonly gzip: Unpack;
	readonly zstd: Unpack | null;
	/** of entries of a zip; null = their contents are not looked at here, and are believed to be as long as the zip says */
	readonly deflate: Unpack | null;
}
export type Unpack = (packed: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** Pieces that are unpacked at once are no larger, since the platform holds what comes out of one: 1,032 times as much at most. */
const PIECE_BYTES = 8_192;

/** @param format of the Compression Streams standard */
export function unpackBy(format: "gzip" | "deflate-raw"): Unpack {
	return (packed) => {
		const pieces = piecesOf(packed);
		const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
			async pull(controller) {
				const { done, value } = await pieces.next();
				if (done === true) controller.close();
				else controller.enqueue(new Uint8Array(value));
			},
			async cancel() {
				await pieces.return(undefined);
			},
		});
		return source.pipeThrough(new DecompressionStream(format));
	};
}

async function* piecesOf(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
	for await (const chunk of packed)
		for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES);
}

/** @returns what is there, at most `length` bytes, in one piece */
export async function readBytes(source: PackageSource, offset: number, length: number): Promise<Uint8Array> {
	const bytes = new Uint8Array(Math.max(0, Math.min(length, source.size - offset)));
	let filled = 0;
	for await (const chunk of source.read(offset, bytes.length)) {
		bytes.set(chunk.subarray(0, bytes.length - filled), filled);
		filled += chunk.length;
		if (filled >= bytes.length) break;
	}
	return bytes.subarray(0, Math.min(filled, bytes.length));
}
