// JSON from strangers, read so that everybody reads the same: valid UTF-8, no byte-order mark, no member twice in an object
// (`JSON.parse` silently keeps the last), none that readers drop, bounded nesting. Bounding the length is the caller's business.

export type StrictJson = { readonly ok: true; readonly value: unknown } | ({ readonly ok: false } & JsonFault);
/** `member`: the name of which a defect is, as long as the sender made it */
export type JsonFault = { readonly defect: JsonDefect; readonly member?: string };
export type JsonDefect = "not_utf8" | "too_deep" | "duplicate_member" | "reserved_member" | "not_json";

/** Set like any other member by assignment, it would change what the object inherits; so readers drop it, each in its own way. */
const RESERVED_MEMBER = "__proto__";

/** A JWT of ours or of a device nests two or three levels. */
const DEFAULT_MAX_DEPTH = 8;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Parses JSON from UTF-8 bytes. */
export function parseStrictJson(bytes: ArrayBuffer | Uint8Array, maxDepth = DEFAULT_MAX_DEPTH): StrictJson {
	let text: string;
	try {
		text = decoder.decode(bytes);
	} catch {
		return { ok: false, defect: "not_utf8" };
	}
	return parseStrictJsonText(text, maxDepth);
}

/** The same for text that is decoded already. */
export function parseStrictJsonText(text: string, maxDepth = DEFAULT_MAX_DEPTH): StrictJson {
	const fault = findFault(text, maxDepth);
	if (fault !== null) return { ok: false, ...fault };
	try {
		return { ok: true, value: JSON.parse(text) };
	} catch {
		return { ok: false, defect: "not_json" };
	}
}

/**
 * One pass over the text without recursion. It need not notice broken syntax, which `JSON.parse` will; for well-formed JSON
 * it finds every repeated or reserved member, however the name is escaped.
 */
function findFault(text: string, maxDepth: number): JsonFault | null {
	/** One entry per open bracket: the member names seen so far, or null for an array. */
	const open: (Set<string> | null)[] = [];
	for (let at = 0; at < text.length; at++) {
		const character = text[at];
		if (character === "{" || character === "[") {
			if (open.length === maxDepth) return { defect: "too_deep" };
			open.push(character === "{" ? new Set() : null);
		} else if (character === "}" || character === "]") {
			open.pop();
		} else if (character === '"') {
			const end = endOfString(text, at);
			const members = open.at(-1);
			if (members && isFollowedByColon(text, end)) {
				const member = unescapeName(text.slice(at, end));
				if (member === RESERVED_MEMBER) return { defect: "reserved_member", member };
				if (members.has(member)) return { defect: "duplicate_member", member };
				members.add(member);
			}
			at = end - 1;
		}
	}
	return null;
}

/** @param start index of the opening quote; returns the index after the closing one */
function endOfString(text: string, start: number): number {
	let quote = text.indexOf('"', start + 1);
	while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
	return quote === -1 ? text.length : quote + 1;
}

/** Whether an odd number of backslashes stands before. */
function isEscaped(text: string, at: number): boolean {
	let first = at;
	while (text[first - 1] === "\\") first--;
	return (at - first) % 2 === 1;
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
