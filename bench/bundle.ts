// The Worker exactly as `npm run deploy` would put it on the edge: the same wrangler, the same environment, minified. Nothing
// is uploaded.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
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
	/** variables of the production environment */
	readonly vars: Readonly<Record<string, string>>;
}

/**
 * @param root of the project
 * @param folder for wrangler's output; the caller removes it
 * @throws Error with wrangler's words when the Worker cannot be built
 */
export async function buildBundle(root: string, folder: string): Promise<Bundle> {
	const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
	const args = [wrangler, "deploy", "--dry-run", "--env", "production", "--minify", "--outdir", folder];
	try {
		await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 1 << 24 });
	} catch (cause) {
		throw new Error("wrangler could not build the Worker", { cause });
	}
	const script = await readFile(join(folder, "worker.js"), "utf8");
	const config = readConfig({ config: join(root, "wrangler.toml"), env: "production" }, { hideWarnings: true });
	return {
		script,
		size: Buffer.byteLength(script),
		gzipped: gzipSync(script).length,
		compatibilityDate: config.compatibility_date ?? "",
		compatibilityFlags: config.compatibility_flags,
		vars: Object.fromEntries(Object.entries(config.vars).map(([name, value]) => [name, String(value)])),
	};
}
