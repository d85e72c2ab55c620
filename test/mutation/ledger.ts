// What became of each fault, on disk after each one, so that a run that was broken off goes on where it stopped. A result holds
// for the tree in which it was found; which test noticed is remembered longer, because the same one is asked first next time.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Edit } from "./edit.ts";

export interface Result {
	readonly file: string;
	readonly breaks: string;
	/** endless: a test did not end any more, which nobody overlooks */
	readonly outcome: "noticed" | "endless" | "survived";
	/** null where nobody noticed */
	readonly by: { readonly file: string; readonly test: string } | null;
	readonly ms: number;
}

interface Entry {
	/** fingerprint of the tree in which it was found */
	readonly tree: string;
	readonly result: Result;
}

/** Whatever a test's outcome may depend on. */
const IN_THE_TREE = ["src", "cli", "test", "vitest.config.ts", "wrangler.toml", "dev", "package-lock.json"];

export class Ledger {
	readonly #path: string;
	readonly #tree: string;
	readonly #entries: Map<string, Entry>;

	/** @param root of the tree that is examined */
	constructor(root: string) {
		this.#path = join(root, "node_modules/.cache/parapet/mutation.json");
		this.#tree = fingerprint(root);
		this.#entries = new Map(Object.entries(readEntries(this.#path)));
	}

	/** @returns what was found in this very tree; null = nothing yet */
	known(file: string, edit: Edit): Result | null {
		const entry = this.#entries.get(idOf(file, edit));
		return entry?.tree === this.#tree ? entry.result : null;
	}

	/** @returns what was found last, in whatever tree; null = never asked */
	last(file: string, edit: Edit): Result | null {
		return this.#entries.get(idOf(file, edit))?.result ?? null;
	}

	note(edit: Edit, result: Result): void {
		this.#entries.set(idOf(result.file, edit), { tree: this.#tree, result });
		mkdirSync(dirname(this.#path), { recursive: true });
		writeFileSync(this.#path, JSON.stringify(Object.fromEntries(this.#entries), null, "\t"));
	}
}

function idOf(file: string, { from, to }: Edit): string {
	return createHash("sha256")
		.update(JSON.stringify([file, from, to]))
		.digest("hex")
		.slice(0, 16);
}

function readEntries(path: string): Record<string, Entry> {
	try {
		return JSON.parse(readFileSync(path, "utf8")) as Record<string, Entry>;
	} catch {
		return {};
	}
}

function fingerprint(root: string): string {
	const hash = createHash("sha256");
	const add = (path: string) => {
		if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
		else hash.update(path).update("\0").update(readFileSync(path)).update("\0");
	};
	for (const name of IN_THE_TREE) add(join(root, name));
	return hash.digest("hex");
}
