// One redis-server as a child of this process: no persistence, no TCP port, only a unix socket in a folder of its own. It
// ends with `stop`, or at the latest with this process.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { connectRedis, type RedisConnection, type Reply } from "./resp.ts";

export interface RedisServer {
	readonly socketPath: string;
	readonly connection: RedisConnection;
	stop(): Promise<void>;
}

const READY_LIMIT_MS = 10_000;
const POLL_MS = 10;
const KILL_AFTER_MS = 3_000;

/** @returns whether the program can be started here */
export function hasRedisServer(): boolean {
	return spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status === 0;
}

/**
 * @param folder that exists; the socket is made in it
 * @param primaryPort on 127.0.0.1, of the server to follow
 * @throws when the program is not installed, or ends at once
 */
export async function startRedisServer(folder: string, name: string, primaryPort?: number): Promise<RedisServer> {
	if (!hasRedisServer()) {
		throw new Error(
			"redis-server is not installed\n  fix: apt-get install redis-server (Debian), brew install redis (macOS)",
		);
	}
	const socketPath = join(folder, `${name}.sock`);
	const replica = primaryPort === undefined ? [] : ["--replicaof", "127.0.0.1", String(primaryPort)];
	const settings = {
		port: "0",
		unixsocket: socketPath,
		unixsocketperm: "700",
		dir: folder,
		save: "",
		appendonly: "no",
	};
	// Without pauses of its own, and patient with a line on which bytes are held.
	const timing = { "repl-diskless-sync-delay": "0", "repl-timeout": "3600" };
	const args = Object.entries({ ...settings, ...timing }).flatMap(([setting, value]) => [`--${setting}`, value]);
	const child = spawn("redis-server", [...args, ...replica], { stdio: ["ignore", "pipe", "ignore"] });
	let output = "";
	child.stdout.on("data", (chunk: Buffer) => {
		output = (output + chunk).slice(-2_000);
	});
	const endWithUs = () => child.kill("SIGKILL");
	process.once("exit", endWithUs);
	const connection = connectRedis(socketPath);

	async function stop(): Promise<void> {
		connection.close();
		await endChild(child);
		process.off("exit", endWithUs);
	}

	try {
		const ready = primaryPort === undefined ? isReady : isFollowing;
		const limitMs = performance.now() + READY_LIMIT_MS;
		while (!(await ready(connection))) {
			const ended = child.exitCode !== null || child.signalCode !== null;
			if (ended || performance.now() > limitMs) throw new Error(`redis-server does not start:\n${output}`);
			await new Promise((resolve) => setTimeout(resolve, POLL_MS));
		}
	} catch (error) {
		await stop();
		throw error;
	}
	return { socketPath, connection, stop };
}

async function isReady(connection: RedisConnection): Promise<boolean> {
	return (await ask(connection, ["PING"]))?.kind === "status";
}

async function isFollowing(connection: RedisConnection): Promise<boolean> {
	const info = await ask(connection, ["INFO", "replication"]);
	return info?.kind === "bulk" && String(info.bytes).includes("master_link_status:up");
}

/** @returns undefined while there is nothing to connect to */
async function ask(connection: RedisConnection, command: readonly string[]): Promise<Reply | undefined> {
	try {
		return (await connection.send([command]))[0];
	} catch {
		return undefined;
	}
}

async function endChild(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const ended = new Promise((resolve) => child.once("exit", resolve));
	child.kill("SIGTERM");
	const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
	await ended;
	clearTimeout(timer);
}
