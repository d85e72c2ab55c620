// Which modules a command line loads, told by Node's own loader in a process of its own.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const ROOT = join(import.meta.dirname, "../../../..");
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
	const root = `${pathToFileURL(ROOT).href}/`;
	const paths = loaded.flatMap((url) => (url.startsWith(root) ? [url.slice(root.length)] : []));
	const packageOf = (path: string) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
	return {
		exitCode: status,
		own: paths.filter((path) => packageOf(path) === undefined).sort(),
		foreign: paths.filter((path) => packageOf(path) !== undefined),
		packages: [...new Set(paths.flatMap((path) => packageOf(path) ?? []))].sort(),
		builtin: builtin.map((name) => name.replace(/^(NativeModule|Internal Binding) /, "")),
	};
}
