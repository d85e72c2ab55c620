// The TUF client of others (tuf-js), as a device has it: a directory of its own, and a way to the files that the test gives. Counts
// what it asks for.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BaseFetcher, Updater } from "tuf-js";
import { DownloadHTTPError } from "tuf-js/dist/error.js";

/** @returns the file's bytes; null = 404 */
export type ReadFile = (name: string) => Promise<string | null> | string | null;

class CountingFetcher extends BaseFetcher {
	readonly requests: { name: string; status: number; bytes: number }[] = [];
	readonly #read: ReadFile;

	constructor(read: ReadFile) {
		super();
		this.#read = read;
	}

	override async fetch(url: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
		const name = url.slice(url.lastIndexOf("/") + 1);
		const text = await this.#read(name);
		this.requests.push({ name, status: text === null ? 404 : 200, bytes: text?.length ?? 0 });
		if (text === null) throw new DownloadHTTPError("not there", 404);
		return new Blob([text]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
	}
}

export interface TufClient extends Disposable {
	/** Goes through the client's whole workflow. @returns the target, and what was asked for on the way */
	find(path: string): Promise<{ sha256: string | null; requests: { name: string; status: number; bytes: number }[] }>;
}

/** @param root the root that the device was delivered with */
export function openTufClient(root: string, read: ReadFile): TufClient {
	const dir = mkdtempSync(join(tmpdir(), "parapet-tuf-"));
	writeFileSync(join(dir, "root.json"), root);
	return {
		async find(path) {
			const fetcher = new CountingFetcher(read);
			const updater = new Updater({ metadataDir: dir, metadataBaseUrl: "http://tuf.test/tuf", fetcher });
			await updater.refresh();
			const target = await updater.getTargetInfo(path);
			return { sha256: target?.hashes["sha256"] ?? null, requests: fetcher.requests };
		},
		[Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
	};
}
