// Reads what a storage gives in large pieces. Without being asked, the platform gives a stream of its own to code in pieces of 4 KiB, and each
// costs a turn of the event loop: of 12 MB more processor time than to parse them.

/** Bytes; the last piece has fewer. */
export const PIECE_BYTES = 65_536;

/**
 * @param body of an object in storage; a stream that was made by code is given in the pieces that it has
 * @returns its bytes; the stream is cancelled where its reader stops before the end
 */
export async function* readPieces(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
	const reader = byobReader(body);
	if (reader === null) {
		yield* body;
		return;
	}
	let isOver = false;
	try {
		while (!isOver) {
			const { done, value } = await reader.readAtLeast(PIECE_BYTES, new Uint8Array(PIECE_BYTES));
			isOver = done;
			if (value !== undefined && value.byteLength > 0) yield value;
		}
	} finally {
		if (!isOver) await reader.cancel().catch(() => {});
		reader.releaseLock();
	}
}

/** @returns null where the stream has pieces of its own, or nobody can be asked for larger ones: only the platform knows `readAtLeast` */
function byobReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
	try {
		const reader = body.getReader({ mode: "byob" });
		if (typeof reader.readAtLeast === "function") return reader;
		reader.releaseLock();
		return null;
	} catch (error) {
		if (error instanceof TypeError && !body.locked) return null;
		throw error;
	}
}
