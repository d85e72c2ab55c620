// The completions as a zsh function, with what each word means beside it.
import type { CommandNode, Word } from "./command-tree.ts";
import { pathsOf, quoted, valueOptionsOf } from "./shell-words.ts";

export function zshScript(nodes: readonly CommandNode[]): string {
	const words = nodes.map(({ path, verbs, options }) => {
		const list = (of: readonly Word[]) => of.map((word) => quoted(described(word))).join(" ");
		return `\t\t${quoted(path)}) verbs=(${list(verbs)}) options=(${list(options)}) ;;`;
	});
	return `#compdef parapet
# zsh completions of parapet, made by \`parapet completion zsh\`
_parapet() {
	local path_of=parapet i
	local -a verbs options
	for ((i = 2; i < CURRENT; i++)); do
		case "$path_of $words[i]" in
${pathsOf(nodes)
	.map((path) => `\t\t\t${quoted(path)}`)
	.join("|\\\n")}) path_of="$path_of $words[i]" ;;
		esac
	done
	case "$path_of $words[CURRENT-1]" in
${valueOptionsOf(nodes)
	.map((option) => `\t\t${quoted(option)}`)
	.join("|\\\n")}) _files; return ;;
	esac
	case "$path_of" in
${words.join("\n")}
	esac
	if [[ $words[CURRENT] == -* ]]; then _describe -o option options
	elif (( $#verbs )); then _describe command verbs
	else _files
	fi
}
if [[ $funcstack[1] == _parapet ]]; then _parapet "$@"; else compdef _parapet parapet; fi`;
}

/** A colon parts a word from what it means. */
function described({ text, description }: Word): string {
	return `${text.replaceAll(":", "\\:")}:${description}`;
}
