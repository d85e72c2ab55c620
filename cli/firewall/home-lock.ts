// One update at a time per firewall: a timer that fires while an update still runs must not write the same files.
// A lock whose process is gone is taken over.
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { readIfPresent } from "../files/atomic-file.ts";

/** Runs `work` while no other process works on `folder`. @throws CliError when one does */
export async function withHomeLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
	const path = join(folder, "update.lock");
	await mkdir(folder, { recursive: true, mode: 0o700 });
	if (!(await takeLock(path))) {
		const holder = Number(await readIfPresent(path));
		if (isAlive(holder)) {
			throw new CliError(`another update of ${folder} is running (process ${holder})`, {
				code: "busy",
				fix: `wait for it; if it is no update, remove ${path}`,
			});
		}
		await rm(path, { force: true });
		if (!(await takeLock(path))) throw new CliError(`another update of ${folder} has just started`, { code: "busy" });
	}
	try {
		return await work();
	} finally {
		await rm(path, { force: true });
	}
}

async function takeLock(path: string): Promise<boolean> {
	try {
		const file = await open(path, "wx", 0o600);
		await file.writeFile(String(process.pid));
		await file.close();
		return true;
	} catch (cause) {
		if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return false;
		throw cause;
	}
}

function isAlive(pid: number): boolean {
	if (!Number.isSafeInteger(pid) || pid <= 0) return false;
	try {
		process.kill(pid, 0);
		return true;
	} catch (cause) {
		return cause instanceof Error && "code" in cause && cause.code === "EPERM";
	}
}
