// A file system of a few hundred kilobytes that really fills up: a tmpfs in a mount namespace of its own, which the kernel lets
// every user make on most Linux machines. Programs run inside; tests read and write there through /proc.
import { execFile, spawn } from "node:child_process";
import { appendFileSync, writeSync } from "node:fs";
import { access } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const STDERR = 2;

export interface SmallDisk {
	/** its top folder, as programs inside see it */
	readonly inside: string;
	/** the same, as the test sees it */
	readonly folder: string;
	/** Runs a program that sees the disk; it is not expected to succeed. */
	run(
		program: string,
		args: readonly string[],
		env?: Readonly<Record<string, string>>,
	): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
	close(): Promise<void>;
}

/** Writes to a file until the disk takes no byte more. */
export function fillWith(path: string): void {
	appendFileSync(path, "");
	for (const size of [65_536, 4096, 1]) {
		for (;;) {
			try {
				appendFileSync(path, Buffer.alloc(size));
			} catch {
				break;
			}
		}
	}
}

/** @returns null where the kernel does not let this user mount one; the caller closes it */
export async function mountSmallDisk(bytes: number): Promise<SmallDisk | null> {
	const mount = `mount -t tmpfs -o size=${bytes} tmpfs /mnt && echo mounted && exec sleep 600`;
	const holder = spawn("unshare", ["-Urm", "sh", "-c", mount], { stdio: ["ignore", "pipe", "ignore"] });
	const ended = new Promise<void>((resolve) => {
		holder.once("close", () => resolve());
		holder.once("error", () => resolve());
	});
	const close = async () => {
		holder.kill("SIGKILL");
		await ended;
	};
	const isMounted = await Promise.race([
		new Promise<boolean>((resolve) => holder.stdout.once("data", () => resolve(true))),
		ended.then(() => false),
	]);
	const folder = `/proc/${holder.pid}/root/mnt`;
	const isReachable =
		isMounted &&
		(await access(folder).then(
			() => true,
			() => false,
		));
	const enter = ["--target", String(holder.pid), "--user", "--mount", "--preserve-credentials"];
	const run: SmallDisk["run"] = (program, args, env = {}) =>
		new Promise((resolve) => {
			execFile("nsenter", [...enter, program, ...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
				resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
			);
		});
	if (isReachable) return { inside: "/mnt", folder, run, close };
	await close();
	return null;
}

/** @returns what describes a suite that needs small disks. Without them it is skipped, aloud; REQUIRE_PROGRAMS=1 makes that a failure */
export async function findSmallDisks(): Promise<(title: string, tests: () => void) => void> {
	const disk = await mountSmallDisk(65_536);
	await disk?.close();
	if (disk !== null) return describe;
	const needs = "needs user namespaces (unshare -Urm)";
	if (process.env["REQUIRE_PROGRAMS"] === "1") return (title) => it(title, () => expect.fail(needs));
	return (title, tests) => {
		writeSync(STDERR, `skipped: "${title}" ${needs}\n`);
		describe.skip(title, tests);
	};
}
