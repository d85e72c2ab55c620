// `npm run previous -- COMMIT`: keeps the Worker of a commit, minified as it is deployed and packed by Brotli, as the version before this one.
// test/e2e/version-skew.test.ts runs it beside the Worker of this tree. To be run with each release, on the commit of the one before.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { buildBundle } from "../../bench/workerd/bundle.ts";

const PROJECT = join(import.meta.dirname, "../..");
const FIXTURES = join(PROJECT, "test/fixtures");
/** It is in every clone of the repository, once for each time that it is made anew. */
const MAX_KIB = 500;

const [name] = process.argv.slice(2);
if (name === undefined) {
	console.error("usage: npm run previous -- COMMIT");
	process.exitCode = 2;
} else {
	const folder = mkdtempSync(join(tmpdir(), "parapet-previous-"));
	try {
		const git = (...args: string[]) => execFileSync("git", args, { cwd: PROJECT, maxBuffer: 1 << 28 });
		const commit = git("rev-parse", "--verify", `${name}^{commit}`).toString().trim();
		execFileSync("tar", ["-x", "-C", folder], { input: git("archive", commit) });
		// Its own dependencies are not installed: a change of them shows in this version's lock file, and matters little to what is said between versions.
		symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
		execFileSync(process.execPath, ["scripts/console-files.mjs"], { cwd: folder });
		const { script, ...bundle } = await buildBundle(folder, join(folder, "out"));
		const packed = brotliCompressSync(script, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } });
		const kib = Math.round(packed.length / 1024);
		if (kib > MAX_KIB) throw new Error(`it has ${kib} KiB, more than ${MAX_KIB}`);
		writeFileSync(join(FIXTURES, "previous-worker.js.br"), packed);
		const { compatibilityDate, compatibilityFlags, vars } = bundle;
		const about = { commit, compatibilityDate, compatibilityFlags, vars };
		writeFileSync(join(FIXTURES, "previous-worker.json"), `${JSON.stringify(about, null, "\t")}\n`);
		console.log(`kept the Worker of ${commit.slice(0, 7)}: ${kib} KiB`);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
