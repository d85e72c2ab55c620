// Which modules a command line loads, told by Node's own loader in a process of its own.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const ROOT = join(import.meta.dirname, "../../../..");
const ROOT_URL = `${pathToFileURL(ROOT).href}/`;
const MARK = "loaded ";
// Runs before the command line, and tells at the end what was loaded. Node's own modules also come by other ways than import.
const RECORDER = `
	import { registerHooks } from "node:module";
	const loaded = [];
	registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
	process.on("exit", () => {
		process._rawDebug("${MARK}" + JSON.stringify({ loaded, builtin: process.moduleLoadList }));
	});
`;

export interface LoadedModules {
	readonly exitCode: number | null;
	/** of Parapet itself, e.g. cli/errors.ts */
	readonly own: readonly string[];
	/** of packages, e.g. node_modules/zod/index.js */
	readonly foreign: readonly string[];
	/** names of those packages */
	readonly packages: readonly string[];
	/** of Node itself, e.g. https */
	readonly builtin: readonly string[];
}

export function loadedModules(args: readonly string[], env: Readonly<Record<string, string>> = {}): LoadedModules {
	const recorder = `data:text/javascript,${encodeURIComponent(RECORDER)}`;
	const { status, stderr } = spawnSync(
		process.execPath,
		["--import", recorder, join(ROOT, "bin/parapet.mjs"), ...args],
		{ env: { ...process.env, ...env }, encoding: "utf8" },
	);
	const told = stderr.split("\n").find((line) => line.startsWith(MARK)) ?? "";
	const { loaded, builtin }: { loaded: string[]; builtin: string[] } = JSON.parse(told.slice(MARK.length));
	const paths = loaded.flatMap((url) => (url.startsWith(ROOT_URL) ? [url.slice(ROOT_URL.length)] : []));
	const packageOf = (path: string) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
	return {
		exitCode: status,
		own: paths.filter((path) => packageOf(path) === undefined).sort(),
		foreign: paths.filter((path) => packageOf(path) !== undefined),
		packages: [...new Set(paths.flatMap((path) => packageOf(path) ?? []))].sort(),
		builtin: builtin.map((name) => name.replace(/^(NativeModule|Internal Binding) /, "")),
	};
}

/** Runs the help of each command with modules of its own: their addresses end in its name. Packages are loaded once. */
const HELPS_RECORDER = `
	import { registerHooks } from "node:module";
	const [root, ...names] = process.argv.slice(1);
	const helps = Object.fromEntries(names.map((name) => [name, { exitCode: null, own: [] }]));
	registerHooks({
		resolve: (specifier, context, next) => {
			const found = next(specifier, context);
			const { search } = new URL(context.parentURL);
			const isOwn = found.url.startsWith(root) && !found.url.includes("/node_modules/");
			return search !== "" && isOwn ? { ...found, url: found.url + search } : found;
		},
		load: (url, context, next) => {
			const { search } = new URL(url);
			if (search !== "") helps[search.slice(1)].own.push(url.slice(root.length, -search.length));
			return next(url, context);
		},
	});
	const stream = { write: () => {} };
	const surroundings = { stdout: stream, stderr: stream, env: {}, cwd: "/nonexistent", nowMs: Date.now, sleep: async () => {} };
	for (const name of names) {
		const { runParapet } = await import(root + "cli/parapet.ts?" + name);
		helps[name].exitCode = await runParapet([name, "--help"], surroundings);
	}
	console.log(JSON.stringify(helps));
`;

/**
 * As `loadedModules` of each `<name> --help`, in one process, because to start one takes longer than the help.
 * @returns by name; without bin/parapet.mjs and cli/process.ts, which load none
 */
export function modulesOfHelps(
	names: readonly string[],
): Readonly<Record<string, Pick<LoadedModules, "exitCode" | "own">>> {
	const args = ["--input-type=module", "--eval", HELPS_RECORDER, ROOT_URL, ...names];
	const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
	if (status !== 0) throw new Error(stderr);
	return JSON.parse(stdout);
}
