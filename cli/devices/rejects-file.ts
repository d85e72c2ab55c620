// The lines that were refused, one JSON object each: which, and why. Nothing else of them.
import { appendFile, rm, stat, truncate } from "node:fs/promises";
import type { Reject } from "./line-check.ts";

export interface RejectsFile {
	readonly path: string;
	/** bytes in it */
	readonly bytes: number;
	append(rejects: readonly Reject[]): Promise<void>;
}

/**
 * @param keep bytes of an import that goes on; what came after them is written again
 * @returns null if it has not so many
 */
export async function openRejectsFile(path: string, keep: number): Promise<RejectsFile | null> {
	if (keep === 0) await rm(path, { force: true });
	else {
		const size = await stat(path).then(
			(found) => found.size,
			() => 0,
		);
		if (size < keep) return null;
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
