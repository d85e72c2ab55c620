// Rules of YARA. They say what they match and never what becomes of it.
import { cvesIn, type LineReader, type OnRule } from "./rule.ts";

const HEAD = /^((private|global)\s+)*rule\s+(\w+)/;
/** From the head of a rule that is commented out to its end: it covers nothing, and is no comment on the next. */
const COMMENTED_OUT = /\brule\s+\w+\s*(?::[\w\s]*)?\{(?:[\s\S]*\}|[\s\S]*)/g;
/** Characters of one rule; hex strings are long. */
const MAX_RULE_LENGTH = 4_000_000;

export function readYara(file: string, onRule: OnRule): LineReader {
	let isComment = false;
	/** what was read of a rule so far, without comments; "" = none has begun */
	let text = "";
	let comments = "";
	let depth = 0;
	const tell = () => {
		const id = HEAD.exec(text)?.[3];
		if (id !== undefined) {
			const one = text.replace(/\s+/g, " ").trim();
			const message = /\bdescription\s*=\s*"((?:[^"\\]|\\.)*)"/.exec(one)?.[1] ?? id;
			const cves = cvesIn(`${comments.replace(COMMENTED_OUT, "")}\n${one}`);
			onRule({ id, format: "yara", file, text: one, isBlocking: null, message, cves });
		}
		[text, comments, depth] = ["", "", 0];
	};
	return {
		line(raw) {
			for (let at = 0; at < raw.length; ) {
				const rest = raw.slice(at);
				if (isComment) {
					const end = rest.indexOf("*/");
					comments += `${rest.slice(0, end < 0 ? rest.length : end)}\n`;
					isComment = end < 0;
					at = end < 0 ? raw.length : at + end + 2;
					continue;
				}
				const piece = nextPiece(rest, text);
				at += piece.length;
				if (piece === "/*") isComment = true;
				else if (piece.startsWith("//")) comments += `${piece.slice(2)}\n`;
				else if (text !== "" || /\S/.test(piece)) {
					text += piece;
					if (piece === "{") depth += 1;
					if (piece === "}") depth -= 1;
					if ((piece === "}" && depth <= 0) || text.length > MAX_RULE_LENGTH) tell();
				}
			}
			// What stands before a rule (import, include) ends with its line.
			if (text !== "" && depth === 0 && !/^((private|global)\b\s*)*(rule\b|$)/.test(text)) text = "";
			else if (text !== "") text += " ";
		},
		end: () => {},
	};
}

/** @returns a string, a regular expression, a comment's beginning or a comment of one line as a whole, else one word or one character */
function nextPiece(rest: string, before: string): string {
	const first = rest[0] ?? "";
	if (first === '"') return /^"(?:[^"\\]|\\.)*"?/.exec(rest)?.[0] ?? first;
	if (first === "/" && rest[1] === "*") return "/*";
	if (first === "/" && rest[1] === "/") return rest;
	if (first === "/" && /(=|\bmatches|\(|,)\s*$/.test(before.slice(-40)))
		return /^\/(?:[^/\\]|\\.)*\/?/.exec(rest)?.[0] ?? first;
	return /^(\w+|\s+)/.exec(rest)?.[0] ?? first;
}
