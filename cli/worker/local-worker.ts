// The Worker on this machine: `wrangler dev` as a child with a process group of its own, so that ending it leaves
// nothing behind. KV, R2 and Durable Objects are the embedded ones and persist in the state folder.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { writeConsoleFiles } from "../../scripts/console-files.mjs";
import { CliError } from "../errors.ts";
import { exchange } from "../http/exchange.ts";
import { LOCAL_ADDRESS } from "./port.ts";
import { SECRET_NAMES } from "./secrets.ts";
import { settingFaults } from "./setting-faults.ts";

export const PROJECT_FOLDER = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const LOCAL_CONFIGURATION = join(PROJECT_FOLDER, "dev", "wrangler.toml");
const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 5_000;
/** how long a line that has to come is waited for */
const LOG_PATIENCE_MS = 5_000;
const POLL_MS = 150;
const LOG_LINES_SHOWN = 20;

export interface WorkerOptions {
	readonly port: number;
	/** where KV, R2 and Durable Objects persist */
	readonly stateFolder: string;
	/** file of variables with the secrets */
	readonly secretsFile: string;
	readonly logFile: string;
}

export interface LocalWorker {
	readonly url: string;
	/** settles when the Worker has ended, for whatever reason */
	readonly ended: Promise<void>;
	stop(): Promise<void>;
}

/** Starts the Worker and waits until it answers. @throws CliError with the settings that it refuses, else the end of its log, when it does not */
export async function startWorker(options: WorkerOptions): Promise<LocalWorker> {
	const url = `http://${LOCAL_ADDRESS}:${options.port}`;
	await writeConsoleFiles();
	const child = spawnWrangler(options, url);
	const ended = once(child, "exit").then(() => {});
	// Whatever ends this process, the Worker must not outlive it.
	const killAtExit = () => signalGroup(child, "SIGKILL");
	process.once("exit", killAtExit);
	const stop = async () => {
		signalGroup(child, "SIGTERM");
		await Promise.race([ended, wait(STOP_LIMIT_MS, undefined, { ref: false })]);
		signalGroup(child, "SIGKILL");
		process.removeListener("exit", killAtExit);
	};
	try {
		await waitUntilItAnswers(url, child, options);
	} catch (error) {
		await stop();
		throw error;
	}
	return { url, ended, stop };
}

function spawnWrangler(options: WorkerOptions, url: string): ChildProcess {
	const { port, stateFolder, secretsFile, logFile } = options;
	const wrangler = join(PROJECT_FOLDER, "node_modules", "wrangler", "bin", "wrangler.js");
	mkdirSync(dirname(logFile), { recursive: true });
	const log = openSync(logFile, "w", 0o600);
	const args = [
		...[
			"dev",
			"--config",
			LOCAL_CONFIGURATION,
			"--ip",
			LOCAL_ADDRESS,
			"--port",
			String(port),
			"--inspector-port",
			"0",
			"--persist-to",
			stateFolder,
		],
		...["--env-file", secretsFile, "--var", `ISSUER:${url}`, "--var", "ENVIRONMENT:local"],
		"--show-interactive-dev-session=false",
	];
	const child = spawn(process.execPath, [wrangler, ...args], {
		cwd: PROJECT_FOLDER,
		env: workerEnvironment(stateFolder),
		stdio: ["ignore", log, log],
		detached: process.platform !== "win32",
		windowsHide: true,
	});
	closeSync(log);
	return child;
}

/** Wrangler's surroundings: no telemetry, no look-ups on the network, no secrets but the file's. */
function workerEnvironment(stateFolder: string): NodeJS.ProcessEnv {
	const env: NodeJS.ProcessEnv = {
		...process.env,
		CI: "1",
		NO_COLOR: "1",
		WRANGLER_SEND_METRICS: "false",
		WRANGLER_HIDE_BANNER: "true",
		WRANGLER_WRITE_LOGS: "false",
		CLOUDFLARE_CF_FETCH_ENABLED: "false",
		// Workers of other projects on this machine are none of our business, nor we of theirs.
		WRANGLER_REGISTRY_PATH: join(stateFolder, "registry"),
	};
	// Wrangler lets variables of the process override the file's.
	for (const name of SECRET_NAMES) delete env[name];
	delete env["FORCE_COLOR"];
	return env;
}

async function waitUntilItAnswers(
	url: string,
	child: ChildProcess,
	{ logFile, secretsFile }: WorkerOptions,
): Promise<void> {
	const deadline = Date.now() + START_LIMIT_MS;
	let last = "no answer";
	let faults: string[] = [];
	while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
		const answer = await exchange({ method: "GET", url: `${url}/.well-known/oauth-authorization-server` }).catch(
			() => null,
		);
		if (answer?.status === 200) return;
		if (answer !== null) last = `it answers ${answer.status}: ${answer.text.slice(0, 300)}`;
		// Waiting mends no setting, and the log names it.
		if (answer?.text.includes('"code":"misconfigured"')) {
			faults = await readSettingFaults(logFile);
			break;
		}
		await wait(POLL_MS);
	}
	const why = child.exitCode === null && child.signalCode === null ? last : "wrangler dev ended";
	if (faults.length > 0) {
		throw new CliError(`the Worker did not start: not configured: ${faults.join("; ")}`, {
			code: "misconfigured",
			fix: `correct it in ${secretsFile} or ${LOCAL_CONFIGURATION}; the log is ${logFile}`,
		});
	}
	const tail = await readLogTail(logFile);
	throw new CliError(`the Worker did not start (${why}); the end of its log:\n${tail}`, {
		code: "worker_not_started",
		fix: `see ${logFile}`,
	});
}

/** The line of the log comes after the answer, by way of wrangler. @returns none = it did not come */
async function readSettingFaults(logFile: string): Promise<string[]> {
	const deadline = Date.now() + LOG_PATIENCE_MS;
	for (;;) {
		const faults = settingFaults(await readFile(logFile, "utf8").catch(() => ""));
		if (faults.length > 0 || Date.now() > deadline) return faults;
		await wait(POLL_MS);
	}
}

/** @returns the last lines that the Worker and wrangler have written */
export async function readLogTail(logFile: string): Promise<string> {
	const text = await readFile(logFile, "utf8").catch(() => "");
	return text.trimEnd().split("\n").slice(-LOG_LINES_SHOWN).join("\n");
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
	if (child.pid === undefined) return;
	try {
		// Without process groups (Windows) wrangler ends its own children.
		process.kill(process.platform === "win32" ? child.pid : -child.pid, signal);
	} catch {
		// Already gone, which is what was wanted.
	}
}
