// One update at a time per firewall: a timer that fires while an update still runs must not write the same files. The lock is
// SQLite's on a file without content: the operating system frees it with the process that held it, however that ended.
import { mkdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { CliError } from "../../errors.ts";

// https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

type LockClass = typeof DatabaseSync;

/** Runs `work` while nobody else works on `folder`. @throws CliError when somebody does */
export async function withHomeLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
	const path = join(folder, "update.lock");
	const { DatabaseSync: Lock } = await import("node:sqlite").catch((cause: unknown) => {
		const fix = "run this command under a newer Node; those of operators and publishers run under this one";
		const message = `Node ${process.versions.node} cannot lock ${path}: Node 22.13 can`;
		throw new CliError(message, { code: "old_node", fix, cause });
	});
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const lock = await takeLock(Lock, path);
	if (lock === null) {
		throw new CliError(`another update of ${folder} is running`, { code: "busy", fix: "wait until it has ended" });
	}
	try {
		return await work();
	} finally {
		lock.close();
	}
}

/** @returns what frees the lock when it is closed; null = another holds it @throws CliError where no lock can be had there */
async function takeLock(Lock: LockClass, path: string): Promise<DatabaseSync | null> {
	try {
		try {
			return lockFile(Lock, path);
		} catch (cause) {
			if (resultCodeOf(cause) !== SQLITE_NOTADB) throw cause;
			// Nobody can hold a lock on a file with something else in it. It is emptied and stays the same file: another that was
			// put in its place could be removed again by whoever is as far as here, and then two would hold a lock each.
			await truncate(path);
			return lockFile(Lock, path);
		}
	} catch (cause) {
		if (resultCodeOf(cause) === SQLITE_BUSY) return null;
		const why = cause instanceof Error ? cause.message : String(cause);
		const fix = "make it a file that can be read and written, or remove it while no update is running";
		throw new CliError(`${path} cannot be locked: ${why}`, { code: "lock_unusable", fix, cause });
	}
}

function lockFile(Lock: LockClass, path: string): DatabaseSync {
	const lock = new Lock(path, { timeout: 0 });
	try {
		// In memory, because a journal file has no room on a full disk. Nothing is ever written that it could bring back.
		lock.exec("PRAGMA journal_mode = MEMORY");
		lock.exec("BEGIN EXCLUSIVE");
		return lock;
	} catch (cause) {
		lock.close();
		throw cause;
	}
}

function resultCodeOf(cause: unknown): unknown {
	return cause instanceof Error && "errcode" in cause ? cause.errcode : null;
}
