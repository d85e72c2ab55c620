// The completions as a bash script. It finds the command among the words before the cursor, and offers what that command takes; where a value
// or an operand is due, it offers files, since most of those that can be completed are.
import type { CommandNode } from "./command-tree.ts";
import { pathsOf, quoted, valueOptionsOf } from "./shell-words.ts";

export function bashScript(nodes: readonly CommandNode[]): string {
	const words = nodes.map(({ path, verbs, options }) => {
		const offered = [...verbs, ...options].map(({ text }) => text).join(" ");
		return `\t\t${quoted(path)}) words=${quoted(offered)} ;;`;
	});
	return `# bash completions of parapet, made by \`parapet completion bash\`
_parapet() {
	local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path=parapet words= i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case "$path \${COMP_WORDS[i]}" in
${pathsOf(nodes)
	.map((path) => `\t\t${quoted(path)}`)
	.join("|\\\n")}) path="$path \${COMP_WORDS[i]}" ;;
		esac
	done
	# --option=value is three words to bash.
	if [[ $word == = ]]; then word=; return; fi
	if [[ $before == = ]]; then return; fi
	case "$path $before" in
${valueOptionsOf(nodes)
	.map((option) => `\t\t${quoted(option)}`)
	.join("|\\\n")}) return ;;
	esac
	case "$path" in
${words.join("\n")}
	esac
	while IFS= read -r i; do COMPREPLY+=("$i"); done < <(compgen -W "$words" -- "$word")
}
complete -o default -F _parapet parapet`;
}
