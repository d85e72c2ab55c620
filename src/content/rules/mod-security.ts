// Rules of ModSecurity and Coraza: `SecRule` and `SecAction`, and what is chained to them. What merely changes other rules
// (SecRuleUpdate…, SecRuleRemove…) has no id and shows as changed lines of its file.
import { cvesIn, type LineReader, MAX_JOINED_LINES, type OnRule } from "./rule.ts";

const BLOCKING = /^(deny|block|drop|redirect|proxy)(:|$)/;
/** It names the release that the rule came with, so it would have every rule change. */
const IDLE = /^(ver|rev):/;

interface Open {
	readonly actions: readonly string[];
	readonly text: string;
	readonly comments: string;
}

export function readModSecurity(file: string, onRule: OnRule): LineReader {
	let parts: string[] = [];
	let comments: string[] = [];
	/** a rule that further ones are chained to */
	let open: Open | null = null;
	const tell = () => {
		if (open !== null) tellRule(file, open, onRule);
		open = null;
	};
	const finish = () => {
		const directive = parts.join(" ");
		parts = [];
		const isAction = /^SecAction\s/i.test(directive);
		if (!isAction && !/^SecRule\s/i.test(directive)) return;
		const words = splitWords(directive);
		const actions = splitActions(words[isAction ? 1 : 3] ?? "");
		const text = [...words.slice(0, isAction ? 1 : 3), ...actions.filter((action) => !IDLE.test(action))].join(" ");
		const chained: Open | null = open;
		open = {
			actions: [...(chained?.actions ?? []), ...actions],
			text: chained === null ? text : `${chained.text} + ${text}`,
			comments: chained?.comments ?? comments.join("\n"),
		};
		if (!actions.includes("chain")) tell();
		comments = [];
	};
	return {
		line(raw) {
			const line = raw.trim();
			if (parts.length === 0 && line.startsWith("#")) comments.push(line);
			else if (parts.length === 0 && line === "") comments = [];
			else {
				const isJoined = line.endsWith("\\");
				parts.push(isJoined ? line.slice(0, -1).trimEnd() : line);
				if (!isJoined || parts.length > MAX_JOINED_LINES) finish();
			}
		},
		end() {
			finish();
			tell();
		},
	};
}

function tellRule(file: string, { actions, text, comments }: Open, onRule: OnRule): void {
	const actionOf = (name: string) =>
		actions
			.find((action) => action.startsWith(`${name}:`))
			?.slice(name.length + 1)
			.replace(/^'|'$/g, "");
	const id = actionOf("id");
	if (id === undefined || !/^\d+$/.test(id)) return;
	const isBlocking = actions.some((action) => BLOCKING.test(action));
	const cves = cvesIn(`${comments}\n${text}`);
	onRule({ id, format: "modsecurity", file, text, isBlocking, message: actionOf("msg") ?? "", cves });
}

/** By blanks, but for those in double quotes; a backslash keeps the quote after it. */
function splitWords(text: string): string[] {
	const words = text.matchAll(/"((?:[^"\\]|\\[\s\S])*)"|(\S+)/g);
	return Array.from(words, ([, quoted, bare]) => quoted ?? bare ?? "");
}

/** By commas, but for those in single quotes. */
function splitActions(text: string): string[] {
	const actions = text.matchAll(/(?:'(?:[^'\\]|\\[\s\S])*'|[^,'])+/g);
	return Array.from(actions, ([action]) => action.trim()).filter((action) => action !== "");
}
