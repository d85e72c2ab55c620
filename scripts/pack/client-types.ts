// The types of `parapet/client`: the declarations that the compiler makes of cli/firewall/client.ts and of whatever it names. They name no
// library, which would have to be installed beside the package: that is looked at here.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";

const PROJECT = join(import.meta.dirname, "../..");
const ENTRY = "cli/firewall/client.ts";
const IMPORTED = /(from |import\()"([^"]+)"/g;

/**
 * @param folder where they are written
 * @returns the file to begin with, relative to it
 * @throws Error when a declaration needs a library
 */
export async function writeClientTypes(folder: string): Promise<string> {
	const made = await mkdtemp(join(tmpdir(), "parapet-types-"));
	try {
		const compiler = join(PROJECT, "node_modules/typescript/bin/tsc");
		const config = join(import.meta.dirname, "tsconfig.json");
		await promisify(execFile)(process.execPath, [compiler, "-p", config, "--outDir", made]);
		const waiting = [ENTRY];
		const seen = new Set(waiting);
		for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
			const text = await readFile(join(made, declarationOf(path)), "utf8");
			for (const [, , named = ""] of text.matchAll(IMPORTED)) {
				if (named.startsWith("node:")) continue;
				if (!named.startsWith(".")) throw new Error(`the types of ${path} need ${named}: say them without it`);
				const other = relative(PROJECT, join(PROJECT, dirname(path), named));
				if (!seen.has(other)) waiting.push(other);
				seen.add(other);
			}
			const file = join(folder, declarationOf(path));
			await mkdir(dirname(file), { recursive: true });
			await writeFile(
				file,
				text.replaceAll(IMPORTED, (whole) => whole.replace(/\.ts"$/, '.js"')),
			);
		}
		return declarationOf(ENTRY);
	} finally {
		await rm(made, { recursive: true, force: true });
	}
}

function declarationOf(path: string): string {
	return path.replace(/\.ts$/, ".d.ts");
}
