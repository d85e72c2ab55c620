// What is in a package, file by file and rule by rule: made while it is looked at (content/inspection), kept as digests and rules
// rather than as bytes.
import type { FileReader } from "../inspection/inspect-package.ts";
import { rulesOf } from "../rules/read-rules.ts";
import { cvesIn, type Rule } from "../rules/rule.ts";
import { createLineSplitter } from "./line-splitter.ts";

export interface ContentFile {
	/** bytes */
	readonly size: number;
	/** of its bytes, hexadecimal */
	readonly sha256: string;
	/** digest of a line → how often it is there; null = it is no text */
	readonly lines: ReadonlyMap<number, number> | null;
}

export interface ContentRule extends Rule {
	/** how often the id is there; their texts are in `text`, one after the other */
	readonly times: number;
}

export interface PackageContents {
	/** by their paths */
	readonly files: ReadonlyMap<string, ContentFile>;
	/** by `ruleKey` */
	readonly rules: ReadonlyMap<string, ContentRule>;
	/** CVE → ids of rules, and paths of other files, that name it */
	readonly cves: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Hashes bytes as they come. */
export interface Hasher {
	update(bytes: Uint8Array): void;
	/** hexadecimal */
	digest(): string;
}

export interface ContentsCollector {
	/** For `InspectionOptions.onFile`. */
	readonly onFile: (path: string) => FileReader;
	readonly contents: PackageContents;
}

export function collectContents(createHasher: () => Hasher): ContentsCollector {
	const files = new Map<string, ContentFile>();
	const rules = new Map<string, ContentRule>();
	const cves = new Map<string, Set<string>>();
	const noteCves = (named: readonly string[], where: string) => {
		for (const cve of named) {
			const places = cves.get(cve) ?? new Set();
			cves.set(cve, places.add(where));
		}
	};
	const onRule = (rule: Rule) => {
		const key = ruleKey(rule);
		const known = rules.get(key);
		rules.set(key, known === undefined ? { ...rule, times: 1 } : merge(known, rule));
		noteCves(rule.cves, rule.id);
	};
	const onFile = (path: string): FileReader => {
		const hasher = createHasher();
		const ruleReader = rulesOf(path, onRule);
		const lines = new Map<number, number>();
		let size = 0;
		const splitter = createLineSplitter((line) => {
			const digest = digestLine(line);
			lines.set(digest, (lines.get(digest) ?? 0) + 1);
			if (ruleReader === null) noteCves(cvesIn(line), path);
			ruleReader?.line(line);
		});
		return {
			data(bytes) {
				size += bytes.length;
				hasher.update(bytes);
				splitter.push(bytes);
			},
			end() {
				const isText = splitter.end();
				ruleReader?.end();
				files.set(path, { size, sha256: hasher.digest(), lines: isText ? lines : null });
			},
		};
	};
	return { onFile, contents: { files, rules, cves } };
}

/** Two forms may number alike. */
export function ruleKey({ format, id }: Pick<Rule, "format" | "id">): string {
	return `${format}:${id}`;
}

function merge(known: ContentRule, rule: Rule): ContentRule {
	const text = `${known.text}\n${rule.text}`;
	const cves = [...new Set([...known.cves, ...rule.cves])];
	const isBlocking = known.isBlocking === true || rule.isBlocking === true ? true : known.isBlocking;
	return { ...known, text, cves, isBlocking, times: known.times + 1 };
}

/** 53 bits (cyrb53, by bryc, public domain): to count lines that differ, not to tell whether files do. */
function digestLine(line: string): number {
	let [high, low] = [0xdeadbeef, 0x41c6ce57];
	for (let at = 0; at < line.length; at += 1) {
		const code = line.charCodeAt(at);
		high = Math.imul(high ^ code, 2_654_435_761);
		low = Math.imul(low ^ code, 1_597_334_677);
	}
	high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
	low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
	return 4_294_967_296 * (2_097_151 & low) + (high >>> 0);
}
