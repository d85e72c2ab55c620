// What a person sees of a rollout, and their word on it. A word names what its giver saw by its hash: where more has failed meanwhile,
// or the rollout has moved, it is not taken, and the giver looks again.
import { isHolding, type Validation } from "../../../content/releases/validation.ts";
import { WATCHED_SECONDS } from "../../../fleet/regression.ts";
import { foldName } from "../../../plain-text.ts";
import { type Approval, type ApprovalKind, hashEvidence, teamOf } from "../../../rollout/approvals.ts";
import { overrideFrom, takesOverride } from "../../../rollout/decide-rollout.ts";
import { allFailures, type Evidence } from "../../../rollout/evidence.ts";
import type { Phase, Rollout } from "../../../rollout/rollout.ts";
import { type RolloutStatus, statusOf, type WaitsFor } from "../../../rollout/rollout-status.ts";
import type { WriteProductAudit } from "../../audit.ts";
import type { Once, OnceDesk } from "../once-desk.ts";
import type { ProductTables } from "../product-tables.ts";
import type { ValidationTables } from "../releases/validation-tables.ts";
import type { FailedLease, LeaseTables } from "./lease-tables.ts";
import type { RolloutDesk } from "./rollout-desk.ts";
import type { RolloutTables, ToldRegression } from "./rollout-tables.ts";

export interface RolloutView {
	readonly version: string;
	/** of its package */
	readonly sha256: string;
	readonly rollout: Rollout;
	readonly step: string;
	readonly status: RolloutStatus;
	readonly evidence: Evidence;
	/** of the evidence, as a word on it names it */
	readonly evidenceHash: string;
	readonly approvals: readonly Approval[];
	/** that failed last, newest first, as long as their leases are kept */
	readonly failures: readonly FailedLease[];
	/** told since everybody may have it; null = none was */
	readonly regression: ToldRegression | null;
	/** null = no validator was asked; left out by an object of an earlier deployment */
	readonly validation?: Validation | null;
}

const FAILURES_SHOWN = 20;

export interface ViewParts {
	readonly tables: Pick<ProductTables, "release">;
	readonly rollouts: RolloutTables;
	readonly rolloutDesk: RolloutDesk;
	readonly leases: LeaseTables;
	readonly validations: Pick<ValidationTables, "validation">;
}

/** @returns null where the version has no rollout */
export async function viewRollout(
	{ tables, rollouts, rolloutDesk, leases, validations }: ViewParts,
	version: string,
	now: number,
): Promise<RolloutView | null> {
	const rollout = rollouts.rollout(version);
	const release = tables.release(version);
	if (rollout === null || release === null) return null;
	const { sha256 } = release;
	const evidence = rolloutDesk.evidence(version, rollout, now);
	const approvals = rollouts.approvals(version);
	const validation = validations.validation(version);
	const status = statusOf(rollout, evidence, approvals, now, rolloutDesk.frozen(version, now), validation);
	const step = rollout.plan.steps[rollout.step]?.name ?? "";
	const failures = leases.failures(version, FAILURES_SHOWN);
	const evidenceHash = await hashEvidence(rollout, evidence, status.verdict);
	const regression = rollouts.regression(version);
	const shown = { version, sha256, rollout, step, status, evidence, approvals, failures };
	return { ...shown, evidenceHash, regression, validation };
}

/** @returns each rollout that may still move, newest release first, after the week's regressions */
export async function viewUnderWay(parts: ViewParts, now: number): Promise<RolloutView[]> {
	const { rollouts } = parts;
	const versions = [...rollouts.regressions(now - WATCHED_SECONDS), ...rollouts.active()];
	const views = await Promise.all(versions.map((version) => viewRollout(parts, version, now)));
	return views.filter((view) => view !== null);
}

/** @returns whether nothing has changed since the view was taken */
function isStillSo(view: RolloutView, rollouts: RolloutTables, desk: RolloutDesk, now: number): boolean {
	const rollout = rollouts.rollout(view.version);
	if (rollout === null) return false;
	const before = JSON.stringify([view.rollout, view.evidence, view.approvals]);
	return (
		before === JSON.stringify([rollout, desk.evidence(view.version, rollout, now), rollouts.approvals(view.version)])
	);
}

/** The version has none. */
export const NO_ROLLOUT = { ok: false, reason: "no_rollout" } as const;

export type ApprovalRefusal =
	/** other_evidence: `evidence` names what there is now */
	| { readonly ok: false; readonly reason: "other_evidence"; readonly evidence: string }
	| ({ readonly ok: false; readonly reason: "not_asked"; readonly phase: Phase } & Standing)
	/** a word to let the step pass. `from`: unix seconds before which none is taken */
	| ({ readonly ok: false; readonly reason: "too_early"; readonly from: number } & Standing)
	| { readonly ok: false; readonly reason: "other_team"; readonly team: string }
	/** who gives it uploaded the release, and its product asks for two people */
	| { readonly ok: false; readonly reason: "own_release" }
	/** `named`: null = the word names no package, and its product asks for that */
	| { readonly ok: false; readonly reason: "other_package"; readonly sha256: string; readonly named: string | null }
	| { readonly ok: false; readonly reason: "said_before" }
	/** the product's validator has not passed the release: nobody can approve it */
	| { readonly ok: false; readonly reason: "not_validated"; readonly hasFailed: boolean };

interface Standing {
	readonly step: string;
	readonly waitsFor: readonly WaitsFor[];
}

const ASKED: Readonly<Record<Phase, ApprovalKind | null>> = {
	waiting: "approve",
	running: "override",
	baking: "override",
	frozen: null,
	halted: "resume",
	done: null,
	ended: null,
};

/** A person's word as they give it. */
export interface Word extends Once {
	readonly version: string;
	readonly kind: ApprovalKind;
	readonly team: string | null;
	/** hash of what they saw */
	readonly evidence: string;
	/** of the package that they mean; not given = they name none */
	readonly sha256?: string | undefined;
}

/** @param view as it is in the moment of the word @returns the word to be kept, or why it is not taken */
function approve(
	{ rollout, step: name, approvals, status, evidence, evidenceHash, sha256, validation = null }: RolloutView,
	word: Word,
): { readonly ok: true; readonly approval: Approval } | ApprovalRefusal {
	const { kind, team, evidence: seen, actor: by } = word;
	// A word is on what there is, whatever the clock says of its giver.
	const at = Math.max(word.now, rollout.since);
	const standing = { step: name, waitsFor: status.waitsFor };
	if (ASKED[rollout.phase] !== kind) return { ok: false, reason: "not_asked", phase: rollout.phase, ...standing };
	if (kind === "approve" && rollout.step === 0 && validation !== null && isHolding(validation))
		return { ok: false, reason: "not_validated", hasFailed: validation.state === "failed" };
	// It would lapse without a trace when the step is full: its phase, on which it was said, is over then.
	if (kind === "override" && !takesOverride(rollout, evidence, word.now))
		return { ok: false, reason: "too_early", from: overrideFrom(rollout), ...standing };
	const asked = teamOf(rollout, kind);
	if (asked !== null && asked !== team) return { ok: false, reason: "other_team", team: asked };
	const asksTwo = rollout.otherApprovers > 0;
	if (asksTwo && foldName(by) === foldName(rollout.publisher)) return { ok: false, reason: "own_release" };
	const named = word.sha256 ?? null;
	if (named === null ? asksTwo : named !== sha256) return { ok: false, reason: "other_package", sha256, named };
	if (seen !== evidenceHash) return { ok: false, reason: "other_evidence", evidence: evidenceHash };
	const { step, since } = rollout;
	const isSame = (one: Approval) => one.by === by && one.kind === kind && one.step === step && one.at >= since;
	if (approvals.some((one) => isSame(one) && one.seen.hash === seen)) return { ok: false, reason: "said_before" };
	const approval = {
		...{ kind, step, by, team, at, ...(named !== null && { sha256: named }) },
		seen: { hash: seen, failures: allFailures(evidence), verdict: status.verdict },
	};
	return { ok: true, approval };
}

export interface WordParts extends ViewParts {
	readonly once: Pick<OnceDesk, "isDone" | "run">;
	readonly audit: WriteProductAudit;
}

/**
 * Keeps a person's word.
 * @param turn runs a change as one transaction, and waits until the stores have it
 * @returns the rollout with it, or why it is not taken
 */
export async function sayWord(
	parts: WordParts,
	word: Word,
	turn: (work: () => void) => Promise<void>,
): Promise<{ ok: true; view: RolloutView } | ApprovalRefusal | typeof NO_ROLLOUT> {
	const { rollouts, rolloutDesk, audit, once } = parts;
	const { version, now } = word;
	for (;;) {
		const seen = await viewRollout(parts, version, now);
		if (seen === null) return NO_ROLLOUT;
		// Its hash was made outside of any transaction: what came meanwhile is looked at first.
		if (!isStillSo(seen, rollouts, rolloutDesk, now)) continue;
		if (once.isDone(word.once)) return { ok: true, view: seen };
		const approved = approve(seen, word);
		if (!approved.ok) return approved;
		await turn(() => {
			const which = word.sha256 === undefined ? "" : `, sha256 ${word.sha256}`;
			once.run(word.once, () => {
				audit(word, "rollout.word", version, `${word.kind} ${seen.step}${which}`);
				rolloutDesk.approve(word, version, approved.approval);
				return true;
			});
		});
		const view = await viewRollout(parts, version, now);
		return view === null ? NO_ROLLOUT : { ok: true, view };
	}
}
