// What changes for whoever goes from one package to another: files and lines, rules, and which CVEs are named. Pure; the order of
// files and of lines in a file does not count.
import { speaksOfAnother } from "../rules/reused-id.ts";
import type { ContentFile, ContentRule, PackageContents } from "./package-contents.ts";

export interface FileChange {
	readonly path: string;
	/** that only the other package has; null = one of the two is no text */
	readonly added: number | null;
	/** that only the first package has */
	readonly removed: number | null;
	/** bytes before; null = it is new */
	readonly from: number | null;
	/** bytes after; null = it is gone */
	readonly to: number | null;
}

export interface RuleChange {
	readonly rule: ContentRule;
	/** as it was; null = it is new */
	readonly before: ContentRule | null;
	/** of one that was there before: what of it is another */
	readonly what: readonly ("text" | "message" | "blocking" | "file")[];
}

export interface ContentsDiff {
	/** added, removed and changed, by their paths */
	readonly files: readonly FileChange[];
	readonly rules: {
		/** how many there were and are */
		readonly from: number;
		readonly to: number;
		readonly added: readonly ContentRule[];
		readonly removed: readonly ContentRule[];
		readonly changed: readonly RuleChange[];
		/** added ones that block, and changed ones that did not before: what can stop traffic that passed */
		readonly newlyBlocking: readonly ContentRule[];
		/** that block no more, or are gone */
		readonly blockingNoMore: readonly ContentRule[];
		/** an id that now means something else: whoever has disabled it meant the other */
		readonly reused: readonly RuleChange[];
		/** an id that is there twice, where its format wants each once */
		readonly repeated: readonly ContentRule[];
	};
	readonly cves: { readonly added: readonly string[]; readonly removed: readonly string[] };
}

export function diffContents(from: PackageContents, to: PackageContents): ContentsDiff {
	const added = [...to.rules].filter(([key]) => !from.rules.has(key)).map(([, rule]) => rule);
	const removed = [...from.rules].filter(([key]) => !to.rules.has(key)).map(([, rule]) => rule);
	const changed = [...to.rules].flatMap(([key, rule]) => {
		const before = from.rules.get(key);
		const what = before === undefined ? [] : differences(before, rule);
		return before === undefined || what.length === 0 ? [] : [{ rule, before, what }];
	});
	const blocks = ({ isBlocking }: ContentRule) => isBlocking === true;
	return {
		files: diffFiles(from.files, to.files),
		rules: {
			from: from.rules.size,
			to: to.rules.size,
			added,
			removed,
			changed,
			newlyBlocking: [
				...added.filter(blocks),
				...changed.filter(({ rule, before }) => blocks(rule) && !blocks(before)).map(({ rule }) => rule),
			],
			blockingNoMore: [
				...removed.filter(blocks),
				...changed.filter(({ rule, before }) => !blocks(rule) && blocks(before)).map(({ rule }) => rule),
			],
			reused: changed.filter(({ rule, before }) => isReused(before, rule)),
			repeated: [...to.rules.values()].filter(({ times, format }) => times > 1 && format !== "clamav"),
		},
		cves: {
			added: [...to.cves.keys()].filter((cve) => !from.cves.has(cve)),
			removed: [...from.cves.keys()].filter((cve) => !to.cves.has(cve)),
		},
	};
}

function differences(before: ContentRule, rule: ContentRule): RuleChange["what"] {
	return [
		...(before.text === rule.text ? [] : (["text"] as const)),
		...(before.message === rule.message ? [] : (["message"] as const)),
		...(before.isBlocking === rule.isBlocking ? [] : (["blocking"] as const)),
		...(before.file === rule.file ? [] : (["file"] as const)),
	];
}

function diffFiles(from: PackageContents["files"], to: PackageContents["files"]): FileChange[] {
	const paths = [...new Set([...from.keys(), ...to.keys()])].toSorted();
	return paths.flatMap((path) => {
		const [before, after] = [from.get(path), to.get(path)];
		if (before?.sha256 === after?.sha256) return [];
		const added = linesBeyond(after, before);
		const removed = linesBeyond(before, after);
		const isText = added !== null && removed !== null;
		const counts = { added: isText ? added : null, removed: isText ? removed : null };
		return [{ path, ...counts, from: before?.size ?? null, to: after?.size ?? null }];
	});
}

/** @returns lines that one file has more than the other; null = one of them is no text */
function linesBeyond(one: ContentFile | undefined, other: ContentFile | undefined): number | null {
	if (one?.lines === null || other?.lines === null) return null;
	let beyond = 0;
	for (const [digest, times] of one?.lines ?? []) beyond += Math.max(0, times - (other?.lines.get(digest) ?? 0));
	return beyond;
}

function isReused(before: ContentRule, rule: ContentRule): boolean {
	return before.text !== rule.text && speaksOfAnother(before.message, rule.message);
}
