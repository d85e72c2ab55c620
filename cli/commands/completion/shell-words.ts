// What the scripts have in common. Names of commands and options are letters and hyphens; only what they mean is written by people.
import type { CommandNode } from "./command-tree.ts";

/** One word to a POSIX shell, whatever is in it. */
export function quoted(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}

/** @returns each command but the program itself, which a script looks for among the words before the cursor */
export function pathsOf(nodes: readonly CommandNode[]): string[] {
	return nodes.slice(1).map(({ path }) => path);
}

/** @returns each option that a value follows, behind its command */
export function valueOptionsOf(nodes: readonly CommandNode[]): string[] {
	return nodes.flatMap(({ path, options }) =>
		options.filter(({ takesValue }) => takesValue).map(({ text }) => `${path} ${text}`),
	);
}
