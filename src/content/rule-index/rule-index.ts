// The rule index of a package: which rules it has, what each does in eight bytes, whether it blocks and which CVEs it names. Lines of
// JSON: the first names the package, then one for each rule, in the order of their keys, so that two indexes are
// compared line by line and none is ever held as a whole. Made by the publisher, from the bytes.
import { RULE_FORMATS, type RuleFormat } from "../rules/rule.ts";

/** Bytes of an index. A request of the service has 500 ms of the processor; docs/decisions/rule-indexes.md has what this costs. */
export const MAX_INDEX_BYTES = 16 * 2 ** 20;
export const MAX_INDEXED_RULES = 120_000;
/** CVEs that the rules of one package name. */
export const MAX_INDEXED_CVES = 30_000;
/** UTF-16 code units; what is longer is cut. */
export const MAX_MESSAGE_LENGTH = 160;
export const MAX_CVES_OF_RULE = 64;
/** UTF-16 code units. */
const MAX_ID_LENGTH = 128;
/** UTF-16 code units of a line: the longest rule with all of the above has fewer. */
export const MAX_LINE_LENGTH = 8_192;

export interface IndexedRule {
	readonly format: RuleFormat;
	/** as its format numbers or names it; never read as a number, which could not hold all of them */
	readonly id: string;
	/** the first eight bytes of the SHA-256 of what it does, hexadecimal */
	readonly digest: string;
	/** null = its format does not say */
	readonly isBlocking: boolean | null;
	/** how often the id is there */
	readonly times: number;
	/** "" = it has none */
	readonly message: string;
	/** CVE-2021-44228, each once */
	readonly cves: readonly string[];
}

/** Bytes are no rule index. */
export class RuleIndexError extends Error {
	override readonly name = "RuleIndexError";
}

const FORMATS: ReadonlySet<string> = new Set<string>(RULE_FORMATS);
const CVE = /^CVE-(?:19|20)\d\d-\d{4,7}$/;
const DIGEST = /^[0-9a-f]{16}$/;
const HEAD = /^\{"rule_index":1,"package":"([0-9a-f]{64})"\}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in it
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Two formats may number alike. Unique in an index, and in ascending order of code units. */
export function indexKey({ format, id }: Pick<IndexedRule, "format" | "id">): string {
	return `${format}:${id}`;
}

/** @param packageSha256 hexadecimal */
export function headLine(packageSha256: string): string {
	return `{"rule_index":1,"package":"${packageSha256}"}`;
}

export function ruleLine({ format, id, digest, isBlocking, times, message, cves }: IndexedRule): string {
	const fields = [format, id, digest, isBlocking === null ? null : Number(isBlocking), message, cves];
	return JSON.stringify(times === 1 ? fields : [...fields, times]);
}

/** @param line of a rule @returns whether its id is there more than once, without a look at the rest of it */
export function isRepeatedLine(line: string): boolean {
	return !line.endsWith("]]");
}

/** @returns SHA-256 of the package @throws RuleIndexError */
export function parseHead(line: string): string {
	const sha256 = HEAD.exec(line)?.[1];
	if (sha256 === undefined) throw new RuleIndexError('line 1: not {"rule_index":1,"package":"<SHA-256>"}');
	return sha256;
}

/** @throws RuleIndexError */
export function parseRule(line: string, number: number): IndexedRule {
	const fault = (what: string) => new RuleIndexError(`line ${number}: ${what}`);
	if (line.length > MAX_LINE_LENGTH) throw fault(`longer than ${MAX_LINE_LENGTH} characters`);
	let fields: unknown;
	try {
		fields = JSON.parse(line);
	} catch {
		throw fault("not JSON");
	}
	if (!Array.isArray(fields) || fields.length < 6 || fields.length > 7) throw fault("not a list of six or seven");
	const [format, id, digest, blocking, message, cves, times = 1] = fields as unknown[];
	if (typeof format !== "string" || !FORMATS.has(format)) throw fault("no known format");
	if (!isText(id, MAX_ID_LENGTH) || id === "") throw fault(`no id of 1 to ${MAX_ID_LENGTH} characters`);
	if (typeof digest !== "string" || !DIGEST.test(digest)) throw fault("no digest of 16 hexadecimal digits");
	if (blocking !== null && blocking !== 0 && blocking !== 1) throw fault("whether it blocks is neither 0, 1 nor null");
	if (!isText(message, MAX_MESSAGE_LENGTH)) throw fault(`no message of up to ${MAX_MESSAGE_LENGTH} characters`);
	if (!isCveList(cves)) throw fault(`no list of up to ${MAX_CVES_OF_RULE} CVEs such as CVE-2021-44228`);
	const isOnce = fields.length === 6;
	if (!isCount(times) || (times === 1) !== isOnce) throw fault("how often the id is there is no number above 1");
	const isBlocking = blocking === null ? null : blocking === 1;
	return { format: format as RuleFormat, id, digest, isBlocking, times, message, cves };
}

function isCount(value: unknown): value is number {
	return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isText(value: unknown, most: number): value is string {
	return typeof value === "string" && value.length <= most && !CONTROL.test(value) && value.isWellFormed();
}

function isCveList(value: unknown): value is string[] {
	if (!Array.isArray(value) || value.length > MAX_CVES_OF_RULE) return false;
	return value.every((one) => typeof one === "string" && CVE.test(one));
}
