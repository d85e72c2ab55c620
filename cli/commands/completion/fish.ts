// The completions for fish: a line for each word, which counts where the command before the cursor is the one that takes it.
import type { CommandNode } from "./command-tree.ts";
import { pathsOf, quoted } from "./shell-words.ts";

export function fishScript(nodes: readonly CommandNode[]): string {
	const lines = nodes.flatMap(({ path, verbs, options }) => {
		const at = `complete -c parapet -n ${fishQuoted(`test (__parapet_path) = '${path}'`)}`;
		return [
			...verbs.map(({ text, description }) => `${at} -f -a ${text} -d ${fishQuoted(description)}`),
			...options.map(({ text, description, takesValue }) => {
				const name = text.startsWith("--") ? `-l ${text.slice(2)}` : `-s ${text.slice(1)}`;
				return `${at} ${name}${takesValue ? " -r" : ""} -d ${fishQuoted(description)}`;
			}),
		];
	});
	return `# fish completions of parapet, made by \`parapet completion fish\`
function __parapet_path
	set -l path parapet
	for word in (commandline -opc)[2..]
		switch "$path $word"
			case ${pathsOf(nodes).map(quoted).join(" ")}
				set path "$path $word"
		end
	end
	echo $path
end
${lines.join("\n")}`;
}

function fishQuoted(text: string): string {
	return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
