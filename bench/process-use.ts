// What the operating system knows of the processes that are measured: processor time and memory. Linux only (/proc);
// elsewhere every figure is null, and the reports say so.
import { readdir, readFile } from "node:fs/promises";

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

/**
 * @param parent id of a process, this one by default
 * @returns the ids of its children whose program's name begins like that; empty where /proc is missing
 */
export async function findChildren(name: string, parent = process.pid): Promise<readonly number[]> {
	const found: number[] = [];
	for (const entry of await readdir("/proc").catch(() => [])) {
		if (!/^\d+$/.test(entry)) continue;
		const stat = await readStat(Number(entry));
		if (stat?.name.startsWith(name) && stat.parent === parent) found.push(Number(entry));
	}
	return found;
}

/** @returns user and system time since their start, all together; null where the system does not tell, or one is gone */
export async function readCpuSeconds(pids: readonly number[]): Promise<number | null> {
	if (pids.length === 0) return null;
	let ticks = 0;
	for (const stat of await Promise.all(pids.map(readStat))) {
		if (stat === null) return null;
		ticks += stat.ticks;
	}
	return ticks / TICKS_PER_SECOND;
}

/** @returns resident memory in bytes; null where the system does not tell, or the process is gone */
export async function readResidentBytes(pid: number | undefined): Promise<number | null> {
	if (pid === undefined) return null;
	const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
	const resident = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
	return resident === undefined ? null : Number(resident) * KIB;
}

interface Stat {
	readonly name: string;
	readonly parent: number;
	readonly ticks: number;
}

/** proc_pid_stat(5): `pid (name) state ppid …`, where utime and stime are fields 14 and 15. */
async function readStat(pid: number): Promise<Stat | null> {
	const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
	if (text === null) return null;
	const nameEnd = text.lastIndexOf(")");
	const rest = text.slice(nameEnd + 2).split(" ");
	const name = text.slice(text.indexOf("(") + 1, nameEnd);
	return { name, parent: Number(rest[1]), ticks: Number(rest[11]) + Number(rest[12]) };
}
