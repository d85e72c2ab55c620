// One nginx as a child of this process: a master and one worker. It ends with `stop`, or at the latest with this process.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { listenLocally } from "../../dev/redis/listening.ts";
import { findChildren } from "../process-use.ts";
import { send } from "../stage/operator.ts";

export interface Nginx {
	readonly port: number;
	/** of the one worker; empty where the system does not tell */
	readonly workers: readonly number[];
	stop(): Promise<void>;
}

const READY_LIMIT_MS = 10_000;
const POLL_MS = 20;
const KILL_AFTER_MS = 3_000;

/** @param program path of nginx @returns its version, such as "1.22.1" */
export function readNginxVersion(program: string): string {
	const { stderr } = spawnSync(program, ["-v"], { encoding: "utf8" });
	return /nginx\/(\S+)/.exec(stderr)?.[1] ?? "of an unknown version";
}

/**
 * @param program path of nginx
 * @param folder that exists, for all that it writes
 * @param formatConfig makes nginx.conf for a port; there GET / is to be answered with 200
 * @throws Error with nginx' own words when it does not start; nothing is left running then
 */
export async function startNginx(
	program: string,
	folder: string,
	formatConfig: (port: number) => string,
): Promise<Nginx> {
	const port = await findFreePort();
	const file = join(folder, "nginx.conf");
	// It holds a secret, if only a benchmark's.
	await writeFile(file, formatConfig(port), { mode: 0o600 });
	const child = spawn(program, ["-p", folder, "-c", file, "-e", "stderr"], { stdio: ["ignore", "ignore", "pipe"] });
	let output = "";
	child.stderr.on("data", (chunk: Buffer) => {
		output = (output + chunk).slice(-2_000);
	});
	// The master takes its worker along only when it is asked to end, not when it is killed.
	const endWithUs = () => child.kill("SIGTERM");
	process.once("exit", endWithUs);

	async function stop(): Promise<void> {
		await endChild(child);
		process.off("exit", endWithUs);
	}

	try {
		const limitMs = performance.now() + READY_LIMIT_MS;
		while (!(await isAnswering(port))) {
			const ended = child.exitCode !== null || child.signalCode !== null;
			if (ended || performance.now() > limitMs) throw new Error(`nginx does not start:\n${output}`);
			await sleep(POLL_MS);
		}
	} catch (error) {
		await stop();
		throw error;
	}
	return { port, workers: child.pid === undefined ? [] : await findChildren("nginx", child.pid), stop };
}

async function isAnswering(port: number): Promise<boolean> {
	return send({ port, method: "GET", path: "/" }).then(
		({ status }) => status === 200,
		() => false,
	);
}

/** nginx takes no port 0: one that was free a moment ago must do. */
async function findFreePort(): Promise<number> {
	const server = createServer();
	const port = await listenLocally(server, 0);
	await new Promise((resolve) => server.close(resolve));
	return port;
}

async function endChild(child: ChildProcess): Promise<void> {
	if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
	const ended = new Promise((resolve) => child.once("exit", resolve));
	child.kill("SIGTERM");
	const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
	await ended;
	clearTimeout(timer);
}
