// A folder in memory for everything that tests write: objects commit each change to a disk, and to wait for a real one takes
// more time than all else. Not where the machine has no such place, too little of it, or lets no program run there.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PLACE = "/dev/shm";
/** All that a run writes takes a tenth of it. */
const MIN_FREE_BYTES = 2 ** 32;

/** @returns path of a folder that is removed when this process ends; null = the usual place for such files has to do */
export function makeFolderInMemory(): string | null {
	try {
		const { bavail, bsize } = statfsSync(PLACE);
		if (bavail * bsize < MIN_FREE_BYTES) return null;
		const folder = mkdtempSync(join(PLACE, "parapet-"));
		process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
		const program = join(folder, "program");
		writeFileSync(program, "#!/bin/sh\n", { mode: 0o700 });
		execFileSync(program);
		return folder;
	} catch {
		return null;
	}
}
