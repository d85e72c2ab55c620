// Builds what `wrangler deploy` would upload, without an account and before wrangler.toml is filled in, and holds its size: a
// Worker starts where it runs, so every kilobyte is paid at every cold start.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { writeConsoleFiles } from "./console-files.mjs";

/** Minified and gzipped: room for the state of the fleet, its console and content that is looked at. Raise it knowingly, never in passing. */
const MAX_GZIP_KIB = 450;

await writeConsoleFiles();
const folder = await mkdtemp(join(tmpdir(), "parapet-bundle-"));
try {
	const args = ["deploy", "--dry-run", "--config", "dev/wrangler.toml", "--minify", "--outdir", folder];
	const build = spawnSync("wrangler", args, {
		encoding: "utf8",
		env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
	});
	if (build.status !== 0) throw new Error(`wrangler deploy --dry-run failed:\n${build.stdout}${build.stderr}`);
	const scripts = (await readdir(folder)).filter((name) => name.endsWith(".js"));
	const code = Buffer.concat(await Promise.all(scripts.map((name) => readFile(join(folder, name)))));
	const minified = Math.round(code.length / 1024);
	const gzipped = Math.round(gzipSync(code, { level: 9 }).length / 1024);
	console.log(`bundle: ${minified} KiB minified, ${gzipped} KiB gzipped (limit ${MAX_GZIP_KIB})`);
	if (gzipped > MAX_GZIP_KIB) process.exitCode = 1;
} finally {
	await rm(folder, { recursive: true, force: true });
}
