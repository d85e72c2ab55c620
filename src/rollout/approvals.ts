// What persons said of a rollout. An approval holds for the evidence that the person saw: it lapses when more has failed since, or
// when the gate judges worse. Nobody lets out alone what they uploaded.
import { allFailures, type Evidence } from "./evidence.ts";
import { isWorse, type Verdict } from "./gate.ts";
import { type Rollout, stepOf } from "./rollout.ts";

/** approve: the step may begin. override: it passes although its gate has not seen enough. resume: a halted one goes on. */
export type ApprovalKind = "approve" | "override" | "resume";

export interface Approval {
	readonly kind: ApprovalKind;
	/** index of the plan's step */
	readonly step: number;
	/** the person: the subject of their key */
	readonly by: string;
	/** null = their key carries none */
	readonly team: string | null;
	/** unix seconds */
	readonly at: number;
	/** what they saw */
	readonly seen: SeenEvidence;
}

export interface SeenEvidence {
	/** SHA-256 of `canonicalEvidence`, base64url */
	readonly hash: string;
	readonly failures: number;
	readonly verdict: Verdict;
}

/** What is still missing for a step; `persons` 0 = nothing. */
export interface MissingApprovals {
	readonly persons: number;
	/** null = anyone's who may release */
	readonly team: string | null;
	/** somebody has to be among them who did not upload the release */
	readonly notOnlyPublisher: boolean;
}

/** @returns persons whose word counts now, each once, in the order in which they gave it */
export function approversOf(
	rollout: Rollout,
	kind: ApprovalKind,
	approvals: readonly Approval[],
	evidence: Evidence,
	verdict: Verdict,
): string[] {
	const team = teamOf(rollout, kind);
	const persons = new Set<string>();
	for (const approval of approvals) {
		const counts =
			approval.kind === kind &&
			approval.step === rollout.step &&
			(team === null || approval.team === team) &&
			// One that was given before a halt is not a word on what came after it.
			approval.at >= rollout.since &&
			allFailures(evidence) <= approval.seen.failures &&
			!isWorse(verdict, approval.seen.verdict);
		if (counts) persons.add(approval.by);
	}
	return [...persons];
}

/** @param approvers as `approversOf` gives them */
export function missingApprovals(rollout: Rollout, kind: ApprovalKind, approvers: readonly string[]): MissingApprovals {
	const count = kind === "approve" ? stepOf(rollout).approvals.count : rollout.plan.overrides;
	const notOnlyPublisher = count > 0 && !approvers.some((person) => person !== rollout.publisher);
	const persons = Math.max(count - approvers.length, notOnlyPublisher ? 1 : 0);
	return { persons, team: teamOf(rollout, kind), notOnlyPublisher };
}

/** @returns whose word of that kind counts now; null = anyone's who may release */
export function teamOf(rollout: Rollout, kind: ApprovalKind): string | null {
	return (kind === "approve" ? stepOf(rollout).approvals.team : null) ?? rollout.team;
}
