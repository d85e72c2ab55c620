// Lines of a file or a pipe of any size, in constant memory: a line that is too long is passed over, not kept.

export type TextLine = {
	/** 1 for the first */
	readonly number: number;
	/** bytes of the file up to the end of this line, its line feed included */
	readonly end: number;
	/** whether its line feed is there; only the last one can be without */
	readonly isWhole: boolean;
} & (
	| { readonly ok: true; readonly text: string }
	| { readonly ok: false; readonly reason: "line_too_long" | "not_utf8" }
);

/** Ample for a device: 8 labels at their largest and a key are 2 KB. */
export const MAX_LINE_BYTES = 16_384;

const LINE_FEED = 0x0a;

/**
 * @param start lines and bytes of the file that come before the first of the chunks
 * @returns every line, also the last one without a line feed; the byte order mark and carriage returns are not part of them
 */
export async function* readLines(
	chunks: AsyncIterable<Uint8Array>,
	start: { readonly line: number; readonly offset: number } = { line: 0, offset: 0 },
): AsyncGenerator<TextLine> {
	let { line: number, offset: end } = start;
	let pieces: Uint8Array[] = [];
	let length = 0;
	const finish = (isWhole: boolean): TextLine => {
		number += 1;
		const read = length > MAX_LINE_BYTES ? tooLong : decode(Buffer.concat(pieces));
		pieces = [];
		length = 0;
		return { number, end, isWhole, ...read };
	};
	const keep = (piece: Uint8Array) => {
		length += piece.length;
		if (length <= MAX_LINE_BYTES) pieces.push(piece);
		else pieces = [];
	};
	for await (const chunk of chunks) {
		let from = 0;
		for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
			keep(chunk.subarray(from, at));
			end += at + 1 - from;
			from = at + 1;
			yield finish(true);
		}
		keep(chunk.subarray(from));
		end += chunk.length - from;
	}
	if (length > 0) yield finish(false);
}

const tooLong = { ok: false, reason: "line_too_long" } as const;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function decode(bytes: Uint8Array) {
	try {
		return { ok: true, text: decoder.decode(bytes).replace(/\r$/, "") } as const;
	} catch {
		return { ok: false, reason: "not_utf8" } as const;
	}
}
