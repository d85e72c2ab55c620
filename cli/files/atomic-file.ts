// Files that are either as before or as wanted, whenever the power fails: written beside their place, synced, renamed.
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DiskError, isMissing } from "../errors.ts";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const DRAFT = /\.\d+\.new$/;
const OLD_DRAFT_MS = 3_600_000;

/** Replaces the file at `path` with `text`, readable by its owner only. @throws DiskError; then the file is as it was */
export async function writeAtomically(path: string, text: string): Promise<void> {
	const draft = `${path}.${process.pid}.new`;
	try {
		await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
		const file = await open(draft, "w", PRIVATE_FILE);
		try {
			await file.writeFile(text);
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(draft, path);
		await syncFolder(dirname(path));
	} catch (cause) {
		await rm(draft, { force: true }).catch(() => {}); // on a file system that is read-only nothing can be removed either
		throw new DiskError(`cannot write ${path}`, cause);
	}
}

/** Removes the drafts in a folder that are so old that nobody can be writing them. */
export async function dropDrafts(folder: string): Promise<void> {
	for (const name of await readdir(folder).catch(() => [])) {
		if (!DRAFT.test(name)) continue;
		const path = join(folder, name);
		const found = await stat(path).catch(() => null);
		const isOld = found !== null && Math.abs(Date.now() - found.mtimeMs) > OLD_DRAFT_MS;
		if (isOld) await rm(path, { force: true }).catch(() => {});
	}
}

/**
 * Moves a complete file to `to`, replacing what is there; both must be on one file system.
 * @throws DiskError; then the file is at one of both places
 */
export async function moveIntoPlace(from: string, to: string): Promise<void> {
	try {
		const file = await open(from, "r+");
		try {
			await file.sync();
		} finally {
			await file.close();
		}
		await mkdir(dirname(to), { recursive: true, mode: PRIVATE_FOLDER });
		await rename(from, to);
		await syncFolder(dirname(to));
	} catch (cause) {
		throw new DiskError(`cannot write ${to}`, cause);
	}
}

/** @returns the text of a file; null when there is no such file */
export async function readIfPresent(path: string): Promise<string | null> {
	try {
		return await readFile(path, "utf8");
	} catch (cause) {
		if (isMissing(cause)) return null;
		throw cause;
	}
}

/** Makes a rename itself durable. Windows cannot open folders and needs no such thing. */
async function syncFolder(path: string): Promise<void> {
	if (process.platform === "win32") return;
	const folder = await open(path, "r");
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
}
