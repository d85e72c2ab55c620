// A rule of a signature package as far as a change of it matters to who approves it: under which id, whether it blocks, and for what.

export const RULE_FORMATS = ["suricata", "modsecurity", "yara", "clamav"] as const;
export type RuleFormat = (typeof RULE_FORMATS)[number];

export interface Rule {
	/** as its own format numbers or names it: 2000419, 3:19187, 942100, Win.Trojan.Agent-1 */
	readonly id: string;
	readonly format: RuleFormat;
	/** path in the package */
	readonly file: string;
	/** what it does, in one line, without what changes with every version and does nothing: `ver`, `rev`, metadata */
	readonly text: string;
	/** whether traffic that it matches is, or may be, stopped; null = its format does not say */
	readonly isBlocking: boolean | null;
	/** "" = it has none */
	readonly message: string;
	/** CVE-2021-44228, each once */
	readonly cves: readonly string[];
}

/** Is given the lines of a file one after the other. */
export interface LineReader {
	line(text: string): void;
	/** The file has ended. */
	end(): void;
}

export type OnRule = (rule: Rule) => void;

/** CVE-2021-44228 with any dash that word processors make of one; CAN-2003-0109 is what CVEs were called until 2005. */
const CVE_NAMED =
	/(?<![a-z0-9])(?:cve[-_ ,:/\u2010-\u2015\u2212]?|can-)((?:19|20)\d\d)[-_\u2010-\u2015\u2212](\d{4,7})(?!\d)/gi;

/** @returns the CVEs that are named in a text, each once, as CVE-2021-44228 however they are written */
export function cvesIn(text: string): string[] {
	const found = text.matchAll(CVE_NAMED);
	return [...new Set(Array.from(found, ([, year, number]) => `CVE-${year}-${number}`))];
}

/** Lines that a backslash at their end joins to the next are more than one only by their looks; these are too many for one rule. */
export const MAX_JOINED_LINES = 2_000;
