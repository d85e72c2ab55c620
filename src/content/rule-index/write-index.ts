// Makes the rule index of a package, of what was read from its bytes.
import type { ContentRule, Hasher, PackageContents } from "../contents/package-contents.ts";
import { IndexTally } from "./index-reader.ts";
import {
	headLine,
	type IndexedRule,
	MAX_CVES_OF_RULE,
	MAX_INDEX_BYTES,
	MAX_INDEXED_RULES,
	MAX_MESSAGE_LENGTH,
	RuleIndexError,
	ruleLine,
} from "./rule-index.ts";

/** What a rule says that no screen should show: controls, line ends, half of a character. */
const UNSHOWN = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

export type MadeIndex =
	| { readonly ok: true; readonly text: string; readonly rules: number }
	/** `detail`: why, in words */
	| { readonly ok: false; readonly reason: "no_rules" | "unfit"; readonly detail: string };

/** @param packageSha256 that they are the contents of @returns the index; none where there are no rules, or too many */
export function writeRuleIndex(
	packageSha256: string,
	{ rules }: Pick<PackageContents, "rules">,
	createHasher: () => Hasher,
): MadeIndex {
	if (rules.size === 0) return { ok: false, reason: "no_rules", detail: "it has no rules of a form that is read here" };
	if (rules.size > MAX_INDEXED_RULES) return refuse(`it has ${rules.size} rules, more than ${MAX_INDEXED_RULES}`);
	const entries = [...rules].toSorted(([a], [b]) => (a < b ? -1 : 1));
	const tally = new IndexTally();
	const lines: string[] = [];
	try {
		for (const [, rule] of entries) {
			const text = ruleLine(indexedRule(rule, createHasher));
			lines.push(text);
			// What the service would refuse is not sent: an id of a kilobyte.
			tally.add(text, lines.length + 1);
		}
	} catch (error) {
		if (error instanceof RuleIndexError) return refuse(error.message);
		throw error;
	}
	const text = `${[headLine(packageSha256), ...lines].join("\n")}\n`;
	const size = new TextEncoder().encode(text).length;
	if (size > MAX_INDEX_BYTES) return refuse(`it would have ${size} bytes, more than ${MAX_INDEX_BYTES}`);
	return { ok: true, text, rules: rules.size };
}

function indexedRule(rule: ContentRule, createHasher: () => Hasher): IndexedRule {
	const { format, id, isBlocking, times, text, message, cves } = rule;
	const hasher = createHasher();
	hasher.update(new TextEncoder().encode(text));
	return {
		...{ format, id, isBlocking, times },
		digest: hasher.digest().slice(0, 16),
		message: message.replace(UNSHOWN, " ").slice(0, MAX_MESSAGE_LENGTH).toWellFormed(),
		cves: cves.slice(0, MAX_CVES_OF_RULE),
	};
}

function refuse(detail: string): MadeIndex {
	return { ok: false, reason: "unfit", detail };
}
