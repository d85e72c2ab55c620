// The lines that were refused, one JSON object each: which, and why. Nothing else of them.

import { createReadStream } from "node:fs";
import { appendFile, lstat, rm, truncate } from "node:fs/promises";
import { z } from "zod";
import { UsageError } from "../../../errors.ts";
import { parseJson } from "../../../json.ts";
import type { Reject } from "./line-check.ts";
import { readLines } from "./line-reader.ts";

export interface RejectsFile {
	readonly path: string;
	/** bytes in it */
	readonly bytes: number;
	append(rejects: readonly Reject[]): Promise<void>;
}

/**
 * @param keep bytes of an import that goes on; what came after them is written again
 * @returns null if it has not so many
 * @throws UsageError for what is no file: /dev/null must not be removed
 */
export async function openRejectsFile(path: string, keep: number): Promise<RejectsFile | null> {
	const found = await lstat(path).catch(() => null);
	if (found?.isFile() === false) throw new UsageError(`--rejects: ${path} is there and is no file`, "name another");
	if (found !== null && keep === 0) await rm(path);
	if (keep > 0) {
		if (found === null || found.size < keep) return null;
		await truncate(path, keep);
	}
	let bytes = keep;
	return {
		path,
		get bytes() {
			return bytes;
		},
		append: async (rejects) => {
			if (rejects.length === 0) return;
			const text = rejects.map((reject) => `${JSON.stringify(reject)}\n`).join("");
			await appendFile(path, text);
			bytes += Buffer.byteLength(text);
		},
	};
}

const numbered = z.looseObject({ line: z.number() });

/** @returns bytes in it about lines that come before one of the import, for the import that goes on there */
export async function bytesBefore(path: string, line: number): Promise<number> {
	let bytes = 0;
	if (line === 1 || (await lstat(path).catch(() => null))?.isFile() !== true) return bytes;
	for await (const one of readLines(createReadStream(path))) {
		const read = one.ok && one.isWhole ? numbered.safeParse(parseJson(one.text)) : null;
		if (read?.success !== true || read.data.line >= line) break;
		bytes = one.end;
	}
	return bytes;
}
