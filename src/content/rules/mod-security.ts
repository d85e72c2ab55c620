// Rules of ModSecurity and Coraza: `SecRule`, `SecRuleScript` and `SecAction`, and what is chained to them. What merely changes other
// rules (SecRuleUpdate…, SecRuleRemove…) has no id and shows as changed lines of its file.
import { cvesIn, type LineReader, MAX_JOINED_LINES, type OnRule } from "./rule.ts";

const BLOCKING = /^(deny|block|drop|redirect|proxy)(:|$)/i;
/** Which other actions decide of the traffic: a rule without any has what its phase does by default. */
const PASSING = /^(allow|pass|pause)(:|$)/i;
const PHASES: Readonly<Record<string, string>> = { request: "2", response: "4", logging: "5" };
/** It names the release that the rule came with, so it would have every rule change. */
const IDLE = /^(ver|rev):/;

/** Which word of a directive has its actions. */
const ACTIONS_AT: Readonly<Record<string, number>> = { secaction: 1, secrulescript: 2, secrule: 3 };
const COMMENTED_OUT = /^[#\s]*Sec(Rule|Action)/i;

interface Open {
	readonly actions: readonly string[];
	readonly text: string;
	readonly comments: string;
	/** what its phase does by default, as the file has said so far, stops traffic */
	readonly isStopped: boolean;
}

export function readModSecurity(file: string, onRule: OnRule): LineReader {
	let parts: string[] = [];
	let comments: string[] = [];
	/** phases that stop traffic by default */
	const stopping = new Set<string>();
	/** the comment goes on in this line: its backslash joins them too */
	let isComment = false;
	/** it is of a rule that is commented out */
	let isOut = false;
	/** a rule that further ones are chained to */
	let open: Open | null = null;
	const tell = () => {
		if (open !== null) tellRule(file, open, onRule);
		open = null;
	};
	const finish = () => {
		const directive = parts.join(" ");
		parts = [];
		if (/^SecDefaultAction\s/i.test(directive)) {
			const actions = splitActions(splitWords(directive)[1] ?? "");
			if (isStopping(actions)) stopping.add(phaseOf(actions));
			else stopping.delete(phaseOf(actions));
		}
		const at = ACTIONS_AT[/^(Sec\w+)\s/i.exec(directive)?.[1]?.toLowerCase() ?? ""];
		if (at === undefined) return;
		const words = splitWords(directive);
		const actions = splitActions(words[at] ?? "");
		const text = [...words.slice(0, at), ...actions.filter((action) => !IDLE.test(action))].join(" ");
		const chained: Open | null = open;
		open = {
			actions: [...(chained?.actions ?? []), ...actions],
			text: chained === null ? text : `${chained.text} + ${text}`,
			comments: chained?.comments ?? comments.join("\n"),
			isStopped: chained?.isStopped ?? stopping.has(phaseOf(actions)),
		};
		if (!actions.some((action) => /^chain$/i.test(action))) tell();
		comments = [];
	};
	return {
		line(raw) {
			const line = raw.trim();
			const isJoined = line.endsWith("\\");
			if (parts.length === 0 && (isComment || line.startsWith("#"))) {
				// What is commented out covers nothing, and is no comment on the rule below it.
				isOut = (isComment && isOut) || COMMENTED_OUT.test(line);
				if (!isOut) comments.push(line);
				isComment = isJoined;
			} else if (parts.length === 0 && line === "") comments = [];
			else {
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

function isStopping(actions: readonly string[]): boolean {
	return actions.some((action) => BLOCKING.test(action));
}

function phaseOf(actions: readonly string[]): string {
	const named = actions.map((action) => /^phase:'?(\w+)/i.exec(action)?.[1]?.toLowerCase()).find((one) => one);
	return named === undefined ? "2" : (PHASES[named] ?? named);
}

function tellRule(file: string, { actions, text, comments, isStopped }: Open, onRule: OnRule): void {
	const actionOf = (name: string) =>
		actions
			.find((action) => action.toLowerCase().startsWith(`${name}:`))
			?.slice(name.length + 1)
			.replace(/^'|'$/g, "");
	const id = actionOf("id");
	if (id === undefined || !/^\d+$/.test(id)) return;
	const isBlocking = isStopping(actions) || (isStopped && !actions.some((action) => PASSING.test(action)));
	const cves = cvesIn(`${comments}\n${text}`);
	onRule({ id, format: "modsecurity", file, text, isBlocking, message: actionOf("msg") ?? "", cves });
}

/** By blanks, but for those in quotes of either kind; a backslash keeps the quote after it. */
function splitWords(text: string): string[] {
	const words = text.matchAll(/"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|(\S+)/g);
	return Array.from(words, ([, double, single, bare]) => double ?? single ?? bare ?? "");
}

/** By commas, but for those in single quotes. */
function splitActions(text: string): string[] {
	const actions = text.matchAll(/(?:'(?:[^'\\]|\\[\s\S])*'|[^,'])+/g);
	return Array.from(actions, ([action]) => action.trim()).filter((action) => action !== "");
}
