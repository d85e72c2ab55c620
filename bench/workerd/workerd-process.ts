// What the operating system knows of the workerd that this process started: processor time and memory. Linux only (/proc);
// elsewhere every figure is null, and the report says so.
import { readdir, readFile } from "node:fs/promises";

export interface ProcessUse {
	/** user and system time since the start, in seconds */
	readonly cpuSeconds: number;
	/** resident memory, in bytes */
	readonly residentBytes: number;
}

/** Clock ticks a second in /proc; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

/** @returns the ids of the workerd processes that are children of this one; empty where /proc is missing */
export async function findWorkerds(): Promise<readonly number[]> {
	const found: number[] = [];
	for (const entry of await readdir("/proc").catch(() => [])) {
		if (!/^\d+$/.test(entry)) continue;
		const fields = await readStat(Number(entry));
		if (fields?.name.startsWith("workerd") && fields.parent === process.pid) found.push(Number(entry));
	}
	return found;
}

/** @returns null where the system does not tell, or the process is gone */
export async function readUse(pid: number | null): Promise<ProcessUse | null> {
	if (pid === null) return null;
	const [stat, status] = await Promise.all([readStat(pid), readFile(`/proc/${pid}/status`, "utf8").catch(() => "")]);
	const resident = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
	if (stat === null || resident === undefined) return null;
	return { cpuSeconds: stat.ticks / TICKS_PER_SECOND, residentBytes: Number(resident) * KIB };
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
