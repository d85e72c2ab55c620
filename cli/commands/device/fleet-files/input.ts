// What an import reads: a file, which can be gone through again from any place, or a pipe, which cannot.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { UsageError } from "../../../errors.ts";

export interface LineInput {
	/** null = a pipe */
	readonly path: string | null;
	/** how it is called in messages */
	readonly name: string;
	/** @param offset bytes that are left out; of a pipe always 0 @param signal ends it, also while it waits for a silent pipe */
	open(offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
	/** lines in it; null = only the end of the pipe will tell */
	countLines(): Promise<number | null>;
}

const LINE_FEED = 0x0a;

/** @param operand a file's name, or "-" for stdin @throws UsageError when there is no such file */
export async function openInput(operand: string, cwd: string): Promise<LineInput> {
	if (operand === "-") return pipe("stdin", () => process.stdin);
	const path = resolve(cwd, operand);
	const found = await stat(path).catch(() => null);
	if (found === null || found.isDirectory())
		throw new UsageError(`there is no file ${path}`, "name one, or - for stdin");
	if (!found.isFile()) return pipe(path, () => createReadStream(path));
	return {
		path,
		name: path,
		open: (start, signal) => createReadStream(path, { start, signal }),
		countLines: async () => {
			let count = 0;
			let last = LINE_FEED;
			for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
				for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) count += 1;
				last = chunk.at(-1) ?? last;
			}
			return last === LINE_FEED ? count : count + 1;
		},
	};
}

function pipe(name: string, open: () => Readable): LineInput {
	return { path: null, name, open: (_, signal) => addAbortSignal(signal, open()), countLines: async () => null };
}
