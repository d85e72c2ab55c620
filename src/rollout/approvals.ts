// What persons said of a rollout. An approval holds for what the person saw: it lapses when more has failed since, when the gate
// judges worse, or when the rollout has moved. Nobody lets out alone what they uploaded.
import { foldName } from "../plain-text.ts";
import { sha256OfText } from "../signing/text-digest.ts";
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
	/** of the package that they mean; left out = they did not name it */
	readonly sha256?: string;
	/** what they saw */
	readonly seen: SeenEvidence;
}

export interface SeenEvidence {
	/** see `hashEvidence` */
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

/**
 * `alice`, `ALICE` and `alice ` are one person: who gets keys made under several ways to write a name does not speak for several.
 * @returns persons whose word counts now, each once, in the order in which they gave it, written as when they first did
 */
export function approversOf(
	rollout: Rollout,
	kind: ApprovalKind,
	approvals: readonly Approval[],
	evidence: Evidence,
	verdict: Verdict,
): string[] {
	const team = teamOf(rollout, kind);
	const publisher = rollout.otherApprovers > 0 ? foldName(rollout.publisher) : null;
	const persons = new Map<string, string>();
	for (const approval of approvals) {
		const counts =
			approval.kind === kind &&
			approval.step === rollout.step &&
			(team === null || approval.team === team) &&
			// One that was given before a halt is not a word on what came after it.
			approval.at >= rollout.since &&
			allFailures(evidence) <= approval.seen.failures &&
			!isWorse(verdict, approval.seen.verdict);
		const person = foldName(approval.by);
		if (counts && person !== publisher && !persons.has(person)) persons.set(person, approval.by);
	}
	return [...persons.values()];
}

/** @param approvers as `approversOf` gives them */
export function missingApprovals(rollout: Rollout, kind: ApprovalKind, approvers: readonly string[]): MissingApprovals {
	const count = kind === "approve" ? approversAsked(rollout) : rollout.plan.overrides;
	const publisher = foldName(rollout.publisher);
	const notOnlyPublisher = count > 0 && approvers.every((person) => foldName(person) === publisher);
	const persons = Math.max(count - approvers.length, notOnlyPublisher ? 1 : 0);
	return { persons, team: teamOf(rollout, kind), notOnlyPublisher };
}

function approversAsked(rollout: Rollout): number {
	const { count } = stepOf(rollout).approvals;
	return rollout.step === 0 ? Math.max(count, rollout.otherApprovers, rollout.leastApprovers ?? 0) : count;
}

/** @returns whose word of that kind counts now; null = anyone's who may release */
export function teamOf(rollout: Rollout, kind: ApprovalKind): string | null {
	return (kind === "approve" ? stepOf(rollout).approvals.team : null) ?? rollout.team;
}

/**
 * Names what a person sees before they give their word: where the rollout stands, what has failed and what its gates say. Devices that
 * do well, and permits that are given meanwhile, leave the name as it is: a word would hardly ever be taken while a fleet updates.
 * @returns SHA-256, base64url
 */
export async function hashEvidence(
	{ step, phase, since }: Rollout,
	{ steps }: Evidence,
	verdict: Verdict,
): Promise<string> {
	return sha256OfText(
		JSON.stringify([step, phase, since, verdict, steps.map(({ failed, silent }) => [failed, silent])]),
	);
}
