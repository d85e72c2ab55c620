// What changes between two packages, for machines and for people.
import type { ContentsDiff, RuleChange } from "../../src/content/contents/diff-contents.ts";
import type { ContentRule } from "../../src/content/contents/package-contents.ts";
import { type ProposedPlan, proposePlan } from "../../src/rollout/proposed-plan.ts";
import { formatBytes, formatCount, formatTable } from "../terminal/output.ts";

export interface DiffEnd {
	readonly version: string;
	readonly sha256: string;
	/** bytes */
	readonly size: number;
}

/** Of each list, for people; --json has all. */
export const SHOWN = 15;

/** @param from null = there was nothing before */
export function diffToWire(product: string, from: DiffEnd | null, to: DiffEnd, { files, rules, cves }: ContentsDiff) {
	const end = ({ version, sha256, size }: DiffEnd) => ({ version, sha256, size });
	return {
		product,
		from: from === null ? null : end(from),
		to: end(to),
		files: files.map(({ path, added, removed, from: before, to: after }) => ({
			...{ path, lines_added: added, lines_removed: removed, size_before: before, size_after: after },
		})),
		rules: {
			before: rules.from,
			after: rules.to,
			added: rules.added.map(ruleToWire),
			removed: rules.removed.map(ruleToWire),
			changed: rules.changed.map(changeToWire),
			newly_blocking: rules.newlyBlocking.map(ruleToWire),
			blocking_no_more: rules.blockingNoMore.map(ruleToWire),
			reused: rules.reused.map(changeToWire),
			repeated: rules.repeated.map(ruleToWire),
		},
		cves,
		proposed_plan: planOf(from, rules),
	};
}

/** What the changes call for, by the same rule as the service's. */
function planOf(from: DiffEnd | null, rules: ContentsDiff["rules"]): ProposedPlan {
	return proposePlan({
		before: from === null ? null : rules.from,
		newlyBlocking: rules.newlyBlocking.length,
		removed: rules.removed.length,
		changed: rules.changed.filter(({ what }) => what.some((part) => part !== "file")).length,
		reused: rules.reused.length,
		unsaid: [...rules.added, ...rules.changed.map(({ rule }) => rule)].filter((one) => one.isBlocking === null).length,
	});
}

function ruleToWire({ id, format, file, isBlocking, message, cves }: ContentRule) {
	return { id, format, file, blocking: isBlocking, message, cves };
}

function changeToWire({ rule, before, what }: RuleChange) {
	return { ...ruleToWire(rule), what, message_before: before?.message ?? null };
}

export function diffLines(product: string, from: DiffEnd | null, to: DiffEnd, diff: ContentsDiff): string[] {
	const { files, rules, cves } = diff;
	const against = from === null ? "nothing before it" : `${from.version} (${formatBytes(from.size)})`;
	const proposed = planOf(from, rules);
	const count = (many: readonly unknown[], what: string) => `${formatCount(many.length)} ${what}`;
	const lines = sum(files.map(({ added }) => added)) + sum(files.map(({ removed }) => removed));
	return [
		`${product} ${to.version} (${formatBytes(to.size)}) against ${against}`,
		`files     ${count(files, "differ")}, ${formatCount(lines)} lines`,
		`rules     ${formatCount(rules.from)} before, ${formatCount(rules.to)} after: ${count(rules.added, "added")}, ${count(rules.removed, "removed")}, ${count(rules.changed, "changed")}`,
		`blocking  ${count(rules.newlyBlocking, "newly")}, ${count(rules.blockingNoMore, "no more")}`,
		...(cves.added.length > 0 ? [`CVEs      new: ${few(cves.added)}`] : []),
		...(cves.removed.length > 0 ? [`CVEs      named no more: ${few(cves.removed)}`] : []),
		`plan      ${proposed.plan}, since ${proposed.reasons.join("; ")}`,
		...ruleTable("newly blocking", rules.newlyBlocking),
		...ruleTable(
			"added, not blocking",
			rules.added.filter((rule) => !rules.newlyBlocking.includes(rule)),
		),
		...ruleTable("removed", rules.removed),
		...changeTable(rules.changed),
		...ruleTable(
			"the id means something else now",
			rules.reused.map(({ rule }) => rule),
		),
		...ruleTable("the id is there more than once", rules.repeated),
		...fileTable(files),
	];
}

function ruleTable(title: string, rules: readonly ContentRule[]): string[] {
	if (rules.length === 0) return [];
	const rows = rules.slice(0, SHOWN).map(({ id, file, message }) => [id, shortened(message), file]);
	return ["", `${title}:`, ...formatTable(["RULE", "MESSAGE", "FILE"], rows), ...more(rules)];
}

function changeTable(changes: readonly RuleChange[]): string[] {
	if (changes.length === 0) return [];
	const rows = changes.slice(0, SHOWN).map(({ rule, what }) => [rule.id, what, shortened(rule.message)]);
	return ["", "changed:", ...formatTable(["RULE", "WHAT", "MESSAGE"], rows), ...more(changes)];
}

function fileTable(files: ContentsDiff["files"]): string[] {
	if (files.length === 0) return [];
	const rows = files
		.slice(0, SHOWN)
		.map(({ path, added, removed, from, to }) => [
			path,
			from === null ? "new" : to === null ? "gone" : "changed",
			added === null ? null : `+${formatCount(added)} -${formatCount(removed ?? 0)}`,
			`${from === null ? "-" : formatBytes(from)} → ${to === null ? "-" : formatBytes(to)}`,
		]);
	return ["", "files:", ...formatTable(["FILE", "IS", "LINES", "SIZE"], rows), ...more(files)];
}

function more(all: readonly unknown[]): string[] {
	return all.length > SHOWN ? [`… and ${formatCount(all.length - SHOWN)} more (--json has all)`] : [];
}

/** @returns the first of them in a line, and how many more there are */
export function few(all: readonly string[]): string {
	return all.length > SHOWN ? `${all.slice(0, SHOWN).join(", ")} and ${all.length - SHOWN} more` : all.join(", ");
}

function shortened(text: string): string {
	return text.length > 70 ? `${text.slice(0, 69)}…` : text;
}

function sum(counts: readonly (number | null)[]): number {
	return counts.reduce<number>((all, count) => all + (count ?? 0), 0);
}
