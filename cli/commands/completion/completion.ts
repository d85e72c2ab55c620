// `parapet completion bash`: a script for a shell, which then completes commands and options by itself, without starting this program.
import type { Command } from "commander";
import type { Surroundings } from "../../terminal/output.ts";
import type { CommandNode, Group } from "./command-tree.ts";

interface Shell {
	readonly name: string;
	/** where the script goes, so that each new shell has it */
	readonly file: string;
	readonly load: () => Promise<(nodes: readonly CommandNode[]) => string>;
}

const SHELLS: readonly Shell[] = [
	{
		name: "bash",
		file: "~/.local/share/bash-completion/completions/parapet",
		load: async () => (await import("./bash.ts")).bashScript,
	},
	{ name: "zsh", file: '"$fpath[1]/_parapet"', load: async () => (await import("./zsh.ts")).zshScript },
	{
		name: "fish",
		file: "~/.config/fish/completions/parapet.fish",
		load: async () => (await import("./fish.ts")).fishScript,
	},
];

/** @param groups all commands of the first level */
export function completionOf(groups: readonly Group[]): (completion: Command, surroundings: Surroundings) => void {
	return (completion, surroundings) => {
		for (const { name, file, load } of SHELLS) {
			completion
				.command(name)
				.description(`write the script for ${name}`)
				.addHelpText(
					"after",
					`\nFor each new shell: parapet completion ${name} > ${file}\nMake it anew with each new version of parapet, which may have other commands.`,
				)
				.action(async () => {
					const { readTree } = await import("./command-tree.ts");
					const script = (await load())(await readTree(groups, surroundings));
					// Our own words alone, and with tabs, which an answer has not.
					surroundings.stdout.write(`${script}\n`);
				});
		}
	};
}
