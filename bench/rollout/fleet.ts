// One release in a fleet that does not exist, in virtual time, against the rules that the service runs by (`decideRollout`). Units ask
// at random, take a permit where there is one, install, and turn out healthy, failed or silent. Persons approve at once, and wave
// through what a number of units could not show; a ramp goes on until its gate has seen enough.
import type { Approval, ApprovalKind } from "../../src/rollout/approvals.ts";
import { decideRollout, nextDecisionAt, verdictOf } from "../../src/rollout/decide-rollout.ts";
import {
	allFailures,
	type ControlEvidence,
	type Evidence,
	NO_STEP_EVIDENCE,
	type StepEvidence,
} from "../../src/rollout/evidence.ts";
import { isFraction, type Plan } from "../../src/rollout/plan.ts";
import { createRollout, exposureOf, type Rollout, stepOf } from "../../src/rollout/rollout.ts";
import type { Random } from "../../test/simulation/random.ts";
import { HeldBack } from "./held-back.ts";
import { Queue } from "./queue.ts";

export interface Release {
	/** part of the units that it breaks */
	readonly breaks: number;
	/** whether a broken unit says nothing any more */
	readonly silent: boolean;
}

export interface FleetPlan {
	readonly units: number;
	/** seconds between two checks of a unit */
	readonly pollSeconds: number;
	/** units in the ring of volunteers */
	readonly volunteers: number;
	/** part of all units that fall silent in these hours, whatever they run */
	readonly silentAnyway: number;
	/** whether the service watches units that it holds back */
	readonly hasControl: boolean;
}

export interface FleetOutcome {
	/** undecided: all units up to the last hundredth have it, and the gate has not seen enough: a person has to look */
	readonly ended: "halted" | "done" | "undecided";
	/** index of the step at which it was halted, else of the last */
	readonly step: number;
	/** units that the release broke */
	readonly casualties: number;
	readonly installed: number;
	/** seconds from the first permit to the halt, or to the end */
	readonly seconds: number;
	/** seconds from an order to revert at the halt until the last living unit that has the release runs the one before */
	readonly revertSeconds: number;
}

interface Outcome {
	readonly at: number;
	readonly step: number;
	readonly kind: "healthy" | "failed" | "overdue" | "silent";
}

/** Seconds from a permit to the report: download, install, and a while of health. */
const INSTALL_SECONDS = { min: 300, max: 1_200 } as const;
const MODELS = 5;

export function runRelease(plan: Plan, fleet: FleetPlan, release: Release, random: Random): FleetOutcome {
	let rollout = createRollout({ plan, salt: "s", publisher: "publisher", team: "team", startsAt: 0, now: 0 });
	const steps: Counted[] = [];
	const controls: ControlEvidence[] = [];
	const heldBack = new HeldBack(fleet, controls, random);
	const outcomes = new Queue<Outcome>();
	let taken = 0;
	let casualties = 0;
	let firstPermit: number | null = null;
	let now = 0;
	const evidence: Evidence = { steps, controls };
	const decide = () => {
		for (;;) {
			const { rollout: next, turns } = decideRollout(rollout, evidence, wordOf(rollout, evidence, now), now);
			rollout = next;
			if (fleet.hasControl && rollout.phase === "running") heldBack.begin(rollout, now);
			if (turns.length === 0) return;
		}
	};
	decide();
	while (rollout.phase !== "done" && rollout.phase !== "halted") {
		const permitAt = now + untilNextPermit(rollout, evidence, fleet, taken, now, random);
		const decisionAt = nextDecisionAt(rollout, evidence, now) ?? Number.POSITIVE_INFINITY;
		const at = Math.min(outcomes.nextAt, permitAt, decisionAt, heldBack.nextAt);
		if (at === Number.POSITIVE_INFINITY) break;
		now = at;
		if (at === heldBack.nextAt) heldBack.ask(rollout, evidence);
		else if (at === outcomes.nextAt) {
			const { step, kind } = outcomes.take();
			const counted = steps[step] as Counted;
			counted[kind] += 1;
			if (kind === "silent") counted.overdue -= 1;
		} else if (at === permitAt) {
			firstPermit ??= at;
			taken += 1;
			while (steps.length <= rollout.step) steps.push({ ...NO_STEP_EVIDENCE });
			const step = steps[rollout.step] as Counted;
			step.permits += 1;
			step.models = Math.min(MODELS, step.permits);
			const broken = random.chance(release.breaks);
			if (broken) casualties += 1;
			const reportAt = at + random.between(INSTALL_SECONDS.min, INSTALL_SECONDS.max);
			const dies = broken ? release.silent : fleet.silentAnyway > 0 && random.chance(fleet.silentAnyway);
			const kind = dies ? "silent" : broken ? "failed" : "healthy";
			const { expect, lease } = stepOf(rollout);
			if (kind === "silent") outcomes.add({ at: at + expect, step: rollout.step, kind: "overdue" });
			outcomes.add({ at: kind === "silent" ? at + lease : reportAt, step: rollout.step, kind });
		}
		decide();
	}
	const seconds = now - (firstPermit ?? now);
	// Once everybody may have it nothing stops it any more, whether or not all have asked yet.
	if (rollout.phase === "done") casualties += Math.round((fleet.units - taken) * release.breaks);
	const living = rollout.phase === "halted" ? taken - casualties : 0;
	const { phase, step } = rollout;
	const ended = phase === "halted" || phase === "done" ? phase : "undecided";
	return { ended, step, casualties, installed: taken, seconds, revertSeconds: revert(living, fleet, random) };
}

/** Everybody may have the release before at once: each takes it with its next check. */
function revert(living: number, { pollSeconds }: FleetPlan, random: Random): number {
	let last = 0;
	for (let unit = 0; unit < living; unit++)
		last = Math.max(last, random.between(0, pollSeconds) + random.between(INSTALL_SECONDS.min, INSTALL_SECONDS.max));
	return last;
}

type Counted = { -readonly [K in keyof StepEvidence]: number };

/** What persons say at once: two of the team, of what they see. */
function wordOf(rollout: Rollout, evidence: Evidence, at: number): Approval[] {
	const kinds: Partial<Record<Rollout["phase"], ApprovalKind>> = { waiting: "approve", baking: "override" };
	const kind = kinds[rollout.phase];
	if (kind === undefined || (kind === "override" && isFraction(stepOf(rollout).cohort))) return [];
	const verdict = verdictOf(rollout, evidence);
	const seen = { hash: "", failures: allFailures(evidence), verdict };
	return ["one", "two"].map((by) => ({ kind, step: rollout.step, by, team: "team", at, seen }));
}

/** Seconds until the next unit that may have the release asks; Infinity = none may. Many that ask at random are a Poisson process. */
function untilNextPermit(
	rollout: Rollout,
	evidence: Evidence,
	{ units, volunteers, pollSeconds }: FleetPlan,
	taken: number,
	now: number,
	random: Random,
): number {
	const { fraction, permits } = exposureOf(rollout, evidence, now);
	if (permits === 0) return Number.POSITIVE_INFINITY;
	const { cohort } = stepOf(rollout);
	const group = isFraction(cohort) ? Math.floor(fraction * units) : cohort.ring === undefined ? units : volunteers;
	const waiting = group - taken;
	if (waiting > 0) return (-Math.log(1 - random.next()) * pollSeconds) / waiting;
	if (!isFraction(cohort) || rollout.phase !== "running") return Number.POSITIVE_INFINITY;
	// The ramp has not grown past those who have it already: as long as it takes for one unit more.
	return (cohort.ramp ?? 0) / (cohort.fraction * units);
}
