// A throw-away copy of the tree, with the node_modules of the original: faults are put into it and never into the original.
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyEdit, type Edit } from "./edit.ts";

const LEFT_OUT = new Set([".git", ".wrangler", "node_modules", "dist"]);

export class ScratchTree {
	readonly root: string;

	/** @param original root of the tree to be copied, as it is now */
	constructor(original: string) {
		this.root = mkdtempSync(join(tmpdir(), "parapet-mutation-"));
		for (const name of readdirSync(original)) {
			if (!LEFT_OUT.has(name)) cpSync(join(original, name), join(this.root, name), { recursive: true });
		}
		symlinkSync(join(original, "node_modules"), join(this.root, "node_modules"));
	}

	/** @returns paths of all test files, from the root */
	tests(): readonly string[] {
		return globSync("test/**/*.test.ts", { cwd: this.root }).sort();
	}

	/** @returns puts the file back as it was @throws RangeError as `applyEdit` */
	spoil(file: string, edit: Edit): () => void {
		const path = join(this.root, file);
		const source = readFileSync(path, "utf8");
		writeFileSync(path, applyEdit(source, edit));
		return () => writeFileSync(path, source);
	}

	remove(): void {
		rmSync(this.root, { recursive: true, force: true });
	}
}
