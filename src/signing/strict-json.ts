// JSON from strangers, read so that everybody reads the same: valid UTF-8, no byte-order mark, no member twice in an object
// (`JSON.parse` silently keeps the last), bounded nesting. Bounding the length is the caller's business.

export type StrictJson =
	| { readonly ok: true; readonly value: unknown }
	| { readonly ok: false; readonly defect: JsonDefect };
export type JsonDefect = "not_utf8" | "too_deep" | "duplicate_member" | "not_json";

/** A JWT of ours or of a device nests two or three levels. */
const DEFAULT_MAX_DEPTH = 8;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Parses JSON from UTF-8 bytes. */
export function parseStrictJson(bytes: Uint8Array, maxDepth = DEFAULT_MAX_DEPTH): StrictJson {
	let text: string;
	try {
		text = decoder.decode(bytes);
	} catch {
		return { ok: false, defect: "not_utf8" };
	}
	const defect = findDefect(text, maxDepth);
	if (defect !== null) return { ok: false, defect };
	try {
		return { ok: true, value: JSON.parse(text) };
	} catch {
		return { ok: false, defect: "not_json" };
	}
}

/**
 * One pass over the text without recursion. It need not notice broken syntax, which `JSON.parse` will; for well-formed JSON
 * it finds every repeated member, however the name is escaped.
 */
function findDefect(text: string, maxDepth: number): "too_deep" | "duplicate_member" | null {
	/** One entry per open bracket: the member names seen so far, or null for an array. */
	const open: (Set<string> | null)[] = [];
	for (let at = 0; at < text.length; at++) {
		const character = text[at];
		if (character === "{" || character === "[") {
			if (open.length === maxDepth) return "too_deep";
			open.push(character === "{" ? new Set() : null);
		} else if (character === "}" || character === "]") {
			open.pop();
		} else if (character === '"') {
			const end = endOfString(text, at);
			const members = open.at(-1);
			if (members && isFollowedByColon(text, end)) {
				const name = unescapeName(text.slice(at, end));
				if (members.has(name)) return "duplicate_member";
				members.add(name);
			}
			at = end - 1;
		}
	}
	return null;
}

/** @param start index of the opening quote; returns the index after the closing one */
function endOfString(text: string, start: number): number {
	let at = start + 1;
	while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
	return Math.min(at + 1, text.length);
}

function isFollowedByColon(text: string, from: number): boolean {
	let at = from;
	while (text[at] === " " || text[at] === "\t" || text[at] === "\n" || text[at] === "\r") at++;
	return text[at] === ":";
}

function unescapeName(quoted: string): string {
	if (!quoted.includes("\\")) return quoted.slice(1, -1);
	try {
		return String(JSON.parse(quoted));
	} catch {
		return quoted;
	}
}
