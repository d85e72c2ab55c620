// Which plan do the changes of a release call for? A proposal to whoever releases or approves it; nothing follows it by itself. Pure. The
// table is in docs/changes.md.

/** What the plan goes by, of the changes against what everybody has. */
export interface ChangeCounts {
	/** rules before; null = nothing is known of before */
	readonly before: number | null;
	readonly newlyBlocking: number;
	readonly removed: number;
	readonly changed: number;
	/** ids that mean another rule now */
	readonly reused: number;
	/** added or changed rules whose format does not say whether they block */
	readonly unsaid: number;
}

export interface ProposedPlan {
	readonly plan: "standard" | "rapid";
	/** in words, each a sentence without its end */
	readonly reasons: readonly string[];
}

/** More of the rules than this are another release rather than an update of one. */
const LARGE_SHARE = 0.1;

/** @returns rapid where nothing speaks against it, with the reason; else standard, with all that do */
export function proposePlan({ before, newlyBlocking, removed, changed, reused, unsaid }: ChangeCounts): ProposedPlan {
	if (before === null) return { plan: "standard", reasons: ["there is nothing to compare it with"] };
	const isLarge = (count: number) => count > before * LARGE_SHARE;
	const reasons = [
		...(newlyBlocking > 0 ? [`${rules(newlyBlocking)} can stop traffic that passed before`] : []),
		...(reused > 0
			? [`${reused === 1 ? "1 id means" : `${reused} ids mean`} another rule now: who has disabled it meant the other`]
			: []),
		...(unsaid > 0 ? [`${rules(unsaid)} new or changed, and their format does not say whether they block`] : []),
		...(isLarge(removed) ? [`${rules(removed)} of ${before} are gone`] : []),
		...(isLarge(changed) ? [`${rules(changed)} of ${before} are changed`] : []),
	];
	if (reasons.length > 0) return { plan: "standard", reasons };
	return { plan: "rapid", reasons: ["no rule blocks that did not before, and little else changes"] };
}

function rules(count: number): string {
	return count === 1 ? "1 rule" : `${count} rules`;
}
