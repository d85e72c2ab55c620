// What changes between two versions, on the wire.
import { z } from "@hono/zod-openapi";
import {
	type ChangedRule,
	compareCves,
	MAX_NAMED,
	type Named,
	type RuleChanges,
} from "../../../content/rule-index/compare-indexes.ts";
import type { IndexTotals } from "../../../content/rule-index/index-reader.ts";
import type { IndexedRule } from "../../../content/rule-index/rule-index.ts";
import { RULE_FORMATS } from "../../../content/rules/rule.ts";
import { proposeClasses } from "../../../rollout/proposed-classes.ts";
import { proposePlan } from "../../../rollout/proposed-plan.ts";

const ruleBody = z
	.object({
		id: z.string(),
		format: z.enum(RULE_FORMATS),
		blocking: z.boolean().nullable().openapi({ description: "null = its format does not say" }),
		message: z.string(),
		cves: z.array(z.string()),
	})
	.openapi("IndexedRule");

const changedBody = ruleBody
	.extend({ what: z.array(z.enum(["text", "message", "blocking"])), message_before: z.string() })
	.openapi("ChangedRule");

const LISTS = ["added", "removed", "changed", "newly_blocking", "blocking_no_more", "reused", "repeated"] as const;

export const countsBody = z
	.object({
		before: z.int().nullable().openapi({ description: "Rules; null = nothing to compare with" }),
		after: z.int(),
		...Object.fromEntries(LISTS.map((name) => [name, z.int()])),
	} as { before: z.ZodNullable<z.ZodInt>; after: z.ZodInt } & Record<(typeof LISTS)[number], z.ZodInt>)
	.openapi("RuleChangeCounts");

export const proposedClassesBody = z.array(z.enum(["threat", "behaviour"])).openapi({
	description:
		"Which `classes` the changes call for: `behaviour` where rules can stop traffic that passed before, or it is not known",
	example: ["threat"],
});

export const proposedPlanBody = z
	.object({ plan: z.enum(["standard", "rapid"]), reasons: z.array(z.string()) })
	.openapi("ProposedPlan");

const endBody = z.object({
	version: z.string(),
	sha256: z.string().openapi({ description: "Of its package" }),
	index_sha256: z.string().openapi({ description: "Of its rule index" }),
});

export const changesBody = z
	.object({
		product: z.string(),
		from: endBody.nullable().openapi({ description: "null = the first version, compared with nothing" }),
		to: endBody,
		counts: countsBody,
		truncated: z.boolean().openapi({ description: `A list has more than the ${MAX_NAMED} rules that it names` }),
		added: z.array(ruleBody),
		removed: z.array(ruleBody),
		changed: z.array(changedBody),
		newly_blocking: z.array(ruleBody).openapi({ description: "What can stop traffic that passed" }),
		blocking_no_more: z.array(ruleBody),
		reused: z.array(changedBody).openapi({ description: "The id means another rule now" }),
		repeated: z.array(ruleBody).openapi({ description: "The id is there more than once" }),
		cves: z.object({ added: z.array(z.string()), removed: z.array(z.string()) }),
		proposed_plan: proposedPlanBody,
		proposed_classes: proposedClassesBody,
	})
	.openapi("RuleChanges");

/** A version with its index. */
export interface IndexedVersion {
	readonly version: string;
	/** of its package */
	readonly sha256: string;
	readonly index: IndexTotals & { readonly sha256: string };
}

export function describeCounts(before: IndexTotals | null, after: IndexTotals, changes: RuleChanges) {
	return {
		before: before?.rules ?? null,
		after: after.rules,
		added: changes.added.count,
		removed: changes.removed.count,
		changed: changes.changed.count,
		newly_blocking: changes.newlyBlocking.count,
		blocking_no_more: changes.blockingNoMore.count,
		reused: changes.reused.count,
		repeated: changes.repeated.count,
	};
}

export function describePlan(before: IndexTotals | null, changes: RuleChanges) {
	const { plan, reasons } = proposePlan({
		before: before?.rules ?? null,
		newlyBlocking: changes.newlyBlocking.count,
		removed: changes.removed.count,
		changed: changes.changed.count,
		reused: changes.reused.count,
		unsaid: changes.unsaid,
	});
	return { plan, reasons: [...reasons] };
}

export function describeClasses(before: IndexTotals | null, { newlyBlocking, unsaid }: RuleChanges) {
	return proposeClasses({ before: before?.rules ?? null, newlyBlocking: newlyBlocking.count, unsaid });
}

export function describeChanges(
	product: string,
	from: IndexedVersion | null,
	to: IndexedVersion,
	changes: RuleChanges,
) {
	const { added, removed, changed, newlyBlocking, blockingNoMore, reused, repeated } = changes;
	const { added: newCves, removed: goneCves } = compareCves(from?.index.cves ?? [], to.index.cves);
	const lists = [added, removed, changed, newlyBlocking, blockingNoMore, reused, repeated];
	return {
		product,
		from: from === null ? null : describeEnd(from),
		to: describeEnd(to),
		counts: describeCounts(from?.index ?? null, to.index, changes),
		truncated: lists.some(({ count, first }) => count > first.length),
		added: rulesOf(added),
		removed: rulesOf(removed),
		changed: describeChanged(changed),
		newly_blocking: rulesOf(newlyBlocking),
		blocking_no_more: rulesOf(blockingNoMore),
		reused: describeChanged(reused),
		repeated: rulesOf(repeated),
		cves: { added: [...newCves], removed: [...goneCves] },
		proposed_plan: describePlan(from?.index ?? null, changes),
		proposed_classes: describeClasses(from?.index ?? null, changes),
	};
}

export function describeChanged({ first }: Named<ChangedRule>) {
	return first.map(({ rule, before, what }) => ({
		...describeRule(rule),
		what: [...what],
		message_before: before.message,
	}));
}

function describeEnd({ version, sha256, index }: IndexedVersion) {
	return { version, sha256, index_sha256: index.sha256 };
}

function rulesOf({ first }: Named<IndexedRule>) {
	return first.map(describeRule);
}

function describeRule({ id, format, isBlocking, message, cves }: IndexedRule) {
	return { id, format, blocking: isBlocking, message, cves: [...cves] };
}
