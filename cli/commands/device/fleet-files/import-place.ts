// How far an import of a file has come, in a small file beside it. Written after each batch, so that the same command goes on
// there after whatever has ended it; a batch that had arrived already changes nothing. Another file, account or server, or a
// file that was edited since, begins anew.

import { createHash } from "node:crypto";
import { open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { z } from "zod";
import { parseJson } from "../../../json.ts";

const count = z.int().nonnegative();
const importCounts = z.strictObject({
	created: count,
	returned: count,
	moved: count,
	changed: count,
	same: count,
	refused: count,
	/** of those refused */
	private_keys: count,
});
export type ImportCounts = z.infer<typeof importCounts>;

const place = z.strictObject({
	/** what the rest is about */
	import: z.string(),
	/** lines and bytes that are done with */
	line: count,
	offset: count,
	rejects_bytes: count,
	counts: importCounts,
});
export type ImportPlace = Omit<z.infer<typeof place>, "import">;

export const NOTHING_YET: ImportPlace = {
	line: 0,
	offset: 0,
	rejects_bytes: 0,
	counts: { created: 0, returned: 0, moved: 0, changed: 0, same: 0, refused: 0, private_keys: 0 },
};

const HEAD_BYTES = 65_536;

export interface PlaceFile {
	/** @returns null where the import has not begun, or what it was about is not the same any more */
	load(): Promise<ImportPlace | null>;
	save(at: ImportPlace): Promise<void>;
	remove(): Promise<void>;
}

/** @param about server, account, options: all that makes it this import, beside the file itself */
export async function openPlaceFile(file: string, about: readonly unknown[]): Promise<PlaceFile> {
	const path = `${file}.import`;
	const name = await nameImport(file, about);
	return {
		load: async () => {
			const text = await readFile(path, "utf8").catch(() => "");
			const read = place.safeParse(parseJson(text));
			if (!read.success || read.data.import !== name) return null;
			const { import: _, ...at } = read.data;
			return at;
		},
		save: async (at) => {
			// Whole or not at all.
			await writeFile(`${path}.new`, JSON.stringify({ import: name, ...at }));
			await rename(`${path}.new`, path);
		},
		remove: () => rm(path, { force: true }),
	};
}

async function nameImport(file: string, about: readonly unknown[]): Promise<string> {
	const { size, mtimeMs } = await stat(file);
	const handle = await open(file);
	try {
		const head = Buffer.alloc(HEAD_BYTES);
		const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
		const hash = createHash("sha256").update(JSON.stringify([...about, size, mtimeMs]));
		return hash.update(head.subarray(0, bytesRead)).digest("base64url");
	} finally {
		await handle.close();
	}
}
