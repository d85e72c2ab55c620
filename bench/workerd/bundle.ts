// The Worker as `npm run deploy` would put it on the edge: the same wrangler, the same code, minified. It is built by
// dev/wrangler.toml, because the one for production refuses to be built before it is filled in. Nothing is uploaded.
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { unstable_readConfig as readConfig } from "wrangler";

export interface Bundle {
	/** source text of the single module */
	readonly script: string;
	/** bytes */
	readonly size: number;
	/** bytes */
	readonly gzipped: number;
	readonly compatibilityDate: string;
	readonly compatibilityFlags: readonly string[];
	/** variables of the production deployment */
	readonly vars: Readonly<Record<string, string>>;
}

/**
 * @param root of the project
 * @param folder for wrangler's output; the caller removes it
 * @param minified as in production; false = names can be read, for profiles
 * @throws Error with wrangler's words when the Worker cannot be built
 */
export async function buildBundle(root: string, folder: string, minified = true): Promise<Bundle> {
	await build(root, [
		"--config",
		join(root, "dev", "wrangler.toml"),
		"--outdir",
		folder,
		...(minified ? ["--minify"] : []),
	]);
	const script = await readFile(join(folder, "worker.js"), "utf8");
	const config = readConfig({ config: join(root, "wrangler.toml") }, { hideWarnings: true });
	return {
		script,
		size: Buffer.byteLength(script),
		gzipped: gzipSync(script).length,
		compatibilityDate: config.compatibility_date ?? "",
		compatibilityFlags: config.compatibility_flags,
		vars: Object.fromEntries(Object.entries(config.vars).map(([name, value]) => [name, String(value)])),
	};
}

/**
 * A Worker beside the service, built like it.
 * @param entry file of the project
 * @param folder as for `buildBundle`
 * @returns source text of the single module
 */
export async function buildProbe(root: string, entry: string, folder: string, date: string): Promise<string> {
	const config = join(folder, "probe.json");
	await writeFile(config, JSON.stringify({ name: "probe", main: entry, compatibility_date: date }));
	await build(root, ["--config", config, "--outdir", join(folder, "probe"), "--minify"]);
	return readFile(join(folder, "probe", basename(entry).replace(/\.ts$/, ".js")), "utf8");
}

async function build(root: string, options: readonly string[]): Promise<void> {
	const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
	const args = [wrangler, "deploy", "--dry-run", ...options];
	try {
		await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 1 << 24 });
	} catch (cause) {
		throw new Error("wrangler could not build the Worker", { cause });
	}
}
