// `npm run pack:cli [-- --out FOLDER]`: the command line as a package that `npm install -g` and `npx` take, in one file with all that it needs
// but DuckDB, and beside it the firewall's side as a library, `parapet/client`. Both run under Node 20.
import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build, type Plugin } from "esbuild";
import { writeClientTypes } from "./client-types.ts";

const PROJECT = join(import.meta.dirname, "../..");
/** A download of seconds, wherever an operator or a firewall's image is built. */
const MAX_BYTES = 2 * 1024 * 1024;

/** For libraries that are written in CommonJS. */
const REQUIRE_IN_ESM = 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);';

const { values } = parseArgs({ options: { out: { type: "string", default: PROJECT } } });
const { version, description, license } = JSON.parse(await readFile(join(PROJECT, "package.json"), "utf8"));
const folder = await mkdtemp(join(tmpdir(), "parapet-pack-"));
try {
	await mkdir(join(folder, "bin"));
	await build({
		entryPoints: [join(import.meta.dirname, "entry.ts")],
		outfile: join(folder, "bin/parapet.cjs"),
		...{ bundle: true, minify: true, platform: "node", target: "node20", logLevel: "error" },
		// Not ESM: there a name that an older Node's module does not have (zstd's) keeps every command from starting, here only its own.
		format: "cjs",
		banner: { js: "#!/usr/bin/env node" },
		define: { "import.meta.dirname": "__dirname", "import.meta.url": "undefined" },
		plugins: [withoutDemo(), withoutTranslations()],
		// Libraries of each machine, too large for a package; the one command that needs them says where they are missing.
		external: ["@duckdb/node-api"],
	});
	// Read when they are asked for, beside the script that does.
	await cp(join(PROJECT, "cli/commands/history/reports"), join(folder, "bin/reports"), { recursive: true });
	await build({
		entryPoints: [join(import.meta.dirname, "client.ts")],
		outfile: join(folder, "client/client.mjs"),
		// Not minified: it runs in other people's programs, whose stack traces and errors have names.
		...{ bundle: true, platform: "node", target: "node20", logLevel: "error", format: "esm" },
		banner: { js: REQUIRE_IN_ESM },
		plugins: [withoutTranslations()],
	});
	const types = await writeClientTypes(join(folder, "client/types"));
	const manifest = {
		...{ name: "parapet", version, description, license, type: "module" },
		engines: { node: ">=20" },
		bin: { parapet: "bin/parapet.cjs" },
		exports: {
			"./client": { types: `./client/types/${types}`, default: "./client/client.mjs" },
			"./package.json": "./package.json",
		},
	};
	await writeFile(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
	await cp(join(PROJECT, "LICENSE"), join(folder, "LICENSE"));
	await cp(join(import.meta.dirname, "README.md"), join(folder, "README.md"));
	const out = resolve(values.out);
	const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", out], { cwd: folder, encoding: "utf8" });
	const file = join(out, JSON.parse(packed)[0].filename);
	const { size } = await stat(file);
	console.log(`${file}: ${Math.round(size / 1024)} KiB`);
	if (size > MAX_BYTES) throw new Error(`the package has more than ${MAX_BYTES} bytes`);
} finally {
	await rm(folder, { recursive: true, force: true });
}

/** It needs the sources of the service. */
function withoutDemo(): Plugin {
	const path = join(import.meta.dirname, "no-demo.ts");
	return {
		name: "without-demo",
		setup: ({ onResolve }) => onResolve({ filter: /\/commands\/demo\/demo\.ts$/ }, () => ({ path })),
	};
}

/** zod's messages in other languages than English; see bin/parapet.mjs. */
function withoutTranslations(): Plugin {
	const contents = 'export { default as en } from "./en.js";';
	return {
		name: "without-translations",
		setup: ({ onLoad }) => onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({ contents, loader: "js" })),
	};
}
