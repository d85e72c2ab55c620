// What changes between two packages by their rule indexes: in one pass over both, line by line. Lists are cut where they get long, counts
// never. What changes in files and lines only the bytes say (content/contents).
import { speaksOfAnother } from "../rules/reused-id.ts";
import type { IndexLine, IndexReader } from "./index-reader.ts";
import { type IndexedRule, indexKey, isRepeatedLine, parseRule } from "./rule-index.ts";

/** Rules of one list that are named. */
export const MAX_NAMED = 1_000;
/**
 * Rules whose messages are compared by their words, which takes microseconds each: more are not reworded one by one, and a request has no
 * processor time for them.
 */
export const MAX_REWORDED = 10_000;

export interface Named<T> {
	readonly count: number;
	/** in the order of their keys, `MAX_NAMED` at most */
	readonly first: readonly T[];
}

export interface ChangedRule {
	readonly rule: IndexedRule;
	readonly before: IndexedRule;
	readonly what: readonly ("text" | "message" | "blocking")[];
}

export interface RuleChanges {
	readonly added: Named<IndexedRule>;
	readonly removed: Named<IndexedRule>;
	readonly changed: Named<ChangedRule>;
	/** added ones that block, and changed ones that did not before: what can stop traffic that passed */
	readonly newlyBlocking: Named<IndexedRule>;
	/** that block no more, or are gone */
	readonly blockingNoMore: Named<IndexedRule>;
	/** an id that now means something else, or may: whoever has disabled it meant the other */
	readonly reused: Named<ChangedRule>;
	/** an id that is there twice, where its format wants each once */
	readonly repeated: Named<IndexedRule>;
	/** added or changed ones of a format that does not say whether they block */
	readonly unsaid: number;
}

/**
 * @param from null = there is nothing to compare with. Of both the heads were read
 * @throws RuleIndexError where one of them is none
 */
export async function compareIndexes(from: IndexReader | null, to: IndexReader): Promise<RuleChanges> {
	const found = new FoundChanges();
	let before = await nextOf(from);
	let after = await nextOf(to);
	while (before !== null || after !== null) {
		let order = 0;
		// Nearly all lines are in both: they are not even parsed.
		if (before?.text === after?.text && after !== null) {
			if (isRepeatedLine(after.text)) found.noteRepeated(ruleOf(after));
		} else {
			const [was, is] = [before && ruleOf(before), after && ruleOf(after)];
			order = compareKeys(was, is);
			found.note(order <= 0 ? was : null, order >= 0 ? is : null);
		}
		const nextBefore = order <= 0 ? nextOf(from) : before;
		const nextAfter = order >= 0 ? nextOf(to) : after;
		// Waited for only where bytes have to come: to wait for each of 100,000 rules would cost more than reading them.
		before = nextBefore instanceof Promise ? await nextBefore : nextBefore;
		after = nextAfter instanceof Promise ? await nextAfter : nextAfter;
	}
	return found;
}

function nextOf(reader: IndexReader | null): IndexLine | null | Promise<IndexLine | null> {
	return reader === null ? null : reader.next();
}

function ruleOf({ text, number, rule }: IndexLine): IndexedRule {
	return rule ?? parseRule(text, number);
}

/** @returns below 0: only the first has it; above 0: only the second; 0: both */
function compareKeys(before: IndexedRule | null, after: IndexedRule | null): number {
	if (before === null || after === null) return before === null ? 1 : -1;
	const [one, other] = [indexKey(before), indexKey(after)];
	return one === other ? 0 : one < other ? -1 : 1;
}

class FoundChanges implements RuleChanges {
	readonly added = new Naming<IndexedRule>();
	readonly removed = new Naming<IndexedRule>();
	readonly changed = new Naming<ChangedRule>();
	readonly newlyBlocking = new Naming<IndexedRule>();
	readonly blockingNoMore = new Naming<IndexedRule>();
	readonly reused = new Naming<ChangedRule>();
	readonly repeated = new Naming<IndexedRule>();
	unsaid = 0;
	#reworded = 0;

	/** A rule that is not the same in both. */
	note(before: IndexedRule | null, rule: IndexedRule | null): void {
		if (rule === null) {
			if (before !== null) this.removed.add(before);
		} else {
			this.noteRepeated(rule);
			if (rule.isBlocking === null) this.unsaid += 1;
			if (rule.isBlocking === true && before?.isBlocking !== true) this.newlyBlocking.add(rule);
			if (before === null) this.added.add(rule);
			else this.#noteChange({ rule, before, what: differences(before, rule) });
		}
		if (before?.isBlocking === true && rule?.isBlocking !== true) this.blockingNoMore.add(rule ?? before);
	}

	noteRepeated(rule: IndexedRule): void {
		if (rule.times > 1 && rule.format !== "clamav") this.repeated.add(rule);
	}

	#noteChange(change: ChangedRule): void {
		const { rule, before, what } = change;
		if (what.length > 0) this.changed.add(change);
		if (what.includes("text") && what.includes("message") && this.#isAnother(before, rule)) this.reused.add(change);
	}

	/** Of more than are looked at each counts: then somebody has to say that they only were reworded. */
	#isAnother(before: IndexedRule, rule: IndexedRule): boolean {
		this.#reworded += 1;
		return this.#reworded > MAX_REWORDED || speaksOfAnother(before.message, rule.message);
	}
}

function differences(before: IndexedRule, rule: IndexedRule): ChangedRule["what"] {
	return [
		...(before.digest === rule.digest ? [] : (["text"] as const)),
		...(before.message === rule.message ? [] : (["message"] as const)),
		...(before.isBlocking === rule.isBlocking ? [] : (["blocking"] as const)),
	];
}

class Naming<T> implements Named<T> {
	count = 0;
	readonly first: T[] = [];

	add(one: T): void {
		this.count += 1;
		if (this.first.length < MAX_NAMED) this.first.push(one);
	}
}

export interface CveChanges {
	readonly added: readonly string[];
	readonly removed: readonly string[];
}

export function compareCves(before: readonly string[], after: readonly string[]): CveChanges {
	const [had, has] = [new Set(before), new Set(after)];
	return { added: after.filter((cve) => !had.has(cve)), removed: before.filter((cve) => !has.has(cve)) };
}
