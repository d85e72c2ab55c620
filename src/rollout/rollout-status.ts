// A rollout in words for people: where it stands, what each step has shown, what the present step can notice, and what it waits for.
import { isHolding, type Validation } from "../content/releases/validation.ts";
import { type Approval, type ApprovalKind, approversOf, missingApprovals } from "./approvals.ts";
import { takesOverride, verdictOf, verdictOfStep } from "./decide-rollout.ts";
import {
	type ControlEvidence,
	controlEvidence,
	type Evidence,
	openLeases,
	placesTaken,
	type StepEvidence,
	stepEvidence,
} from "./evidence.ts";
import { type Power, powerOf, type Verdict } from "./gate.ts";
import { isFraction } from "./plan.ts";
import {
	type Exposure,
	exposureOf,
	type PassedStep,
	type Rollout,
	rampFullAt,
	stepOf,
	suspicionOf,
} from "./rollout.ts";

export interface StepStatus {
	readonly name: string;
	/** null = the gate was not asked yet */
	readonly verdict: Verdict | null;
	readonly evidence: StepEvidence;
	/** units without the release, in the same hours */
	readonly control: ControlEvidence;
	readonly passed: PassedStep | null;
}

/** What the rollout waits for. Times are unix seconds. */
export type WaitsFor =
	| { readonly kind: "start"; readonly at: number }
	| { readonly kind: "freeze"; readonly at: number }
	/** for the product's validator. at: until when its answer is waited for; null = it has failed the release */
	| { readonly kind: "validation"; readonly at: number | null }
	| {
			readonly kind: "words";
			readonly of: ApprovalKind;
			readonly persons: number;
			readonly team: string | null;
			readonly notOnlyPublisher: boolean;
	  }
	/** ring: the only one whose units may take a permit; null = any may */
	| { readonly kind: "units"; readonly missing: number; readonly notAfter: number | null; readonly ring: string | null }
	| { readonly kind: "ramp"; readonly at: number }
	| { readonly kind: "bake"; readonly at: number }
	| { readonly kind: "reports"; readonly open: number }
	| { readonly kind: "evidence" };

export interface RolloutStatus {
	readonly verdict: Verdict;
	/** the same, were everyone dead who is overdue */
	readonly suspicion: Verdict;
	readonly exposure: Exposure;
	readonly power: Power;
	readonly steps: readonly StepStatus[];
	/** empty = nothing: it is done or ended */
	readonly waitsFor: readonly WaitsFor[];
}

/** @param now unix seconds */
export function statusOf(
	rollout: Rollout,
	evidence: Evidence,
	approvals: readonly Approval[],
	now: number,
	frozen: number | null = null,
	validation: Validation | null = null,
): RolloutStatus {
	const held = validationWait(rollout, validation);
	const waits = waitsFor(rollout, evidence, approvals, now);
	return {
		verdict: verdictOf(rollout, evidence),
		suspicion: suspicionOf(rollout, evidence),
		exposure: exposureOf(rollout, evidence, now),
		power: powerOf(stepOf(rollout).gate),
		steps: rollout.plan.steps.map(({ name }, index) => {
			const known = stepEvidence(evidence, index);
			const hasBegun = index <= rollout.step && known.permits > 0;
			return {
				name,
				verdict: hasBegun ? verdictOfStep(rollout, evidence, index) : null,
				evidence: known,
				control: controlEvidence(evidence, index),
				passed: rollout.passed.find(({ step }) => step === name) ?? null,
			};
		}),
		waitsFor: [
			...frozenWait(rollout, frozen),
			...held,
			// Nobody's word that it may begin is taken meanwhile.
			...waits.filter((one) => held.length === 0 || one.kind !== "words" || one.of !== "approve"),
		],
	};
}

function frozenWait({ phase }: Rollout, frozen: number | null): WaitsFor[] {
	return frozen !== null && (phase === "waiting" || phase === "frozen") ? [{ kind: "freeze", at: frozen }] : [];
}

function validationWait({ phase, step }: Rollout, validation: Validation | null): WaitsFor[] {
	if (validation === null || !isHolding(validation) || step > 0 || phase === "done" || phase === "ended") return [];
	return [{ kind: "validation", at: validation.state === "failed" ? null : validation.dueAt }];
}

function waitsFor(rollout: Rollout, evidence: Evidence, approvals: readonly Approval[], now: number): WaitsFor[] {
	const { phase, startsAt } = rollout;
	const since = rollout.since - rollout.before;
	const { bake, cohort, fillWithin } = stepOf(rollout);
	const words = (of: ApprovalKind): WaitsFor[] => {
		const approvers = approversOf(rollout, of, approvals, evidence, verdictOf(rollout, evidence));
		const missing = missingApprovals(rollout, of, approvers);
		return missing.persons === 0 ? [] : [{ kind: "words", of, ...missing }];
	};
	switch (phase) {
		case "waiting":
			return [...(now < startsAt ? [{ kind: "start" as const, at: startsAt }] : []), ...words("approve")];
		case "running": {
			if (isFraction(cohort)) return [{ kind: "ramp", at: rampFullAt(rollout) ?? now }];
			const missing = Math.max(0, cohort.units - placesTaken(stepEvidence(evidence, rollout.step)));
			const notAfter = fillWithin === null ? null : since + fillWithin;
			const units: WaitsFor = { kind: "units", missing, notAfter, ring: cohort.ring ?? null };
			return takesOverride(rollout, evidence, now) ? [units, ...words("override")] : [units];
		}
		case "baking": {
			const open = openLeases(stepEvidence(evidence, rollout.step));
			const waits: WaitsFor[] = [];
			if (now < since + bake) waits.push({ kind: "bake", at: since + bake });
			if (open > 0 && !isFraction(cohort)) waits.push({ kind: "reports", open });
			if (waits.length > 0) return waits;
			return [{ kind: "evidence" }, ...words("override")];
		}
		case "halted":
			return words("resume");
		case "frozen":
		case "done":
		case "ended":
			return [];
	}
}
