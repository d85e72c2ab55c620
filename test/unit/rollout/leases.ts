// A rollout by the standard plan, a lease of it, and what a device asks that wants one.
import { STANDARD } from "../../../src/rollout/built-in-plans.ts";
import { type Evidence, NO_STEP_EVIDENCE, type StepEvidence } from "../../../src/rollout/evidence.ts";
import type { Lease, LeaseOutcome, PermitQuestion } from "../../../src/rollout/lease.ts";
import { createRollout, type Phase, type Rollout } from "../../../src/rollout/rollout.ts";

export const NOW = 1_795_000_000;
export const FRESH = createRollout({ plan: STANDARD, salt: "s", publisher: "ci", team: null, startsAt: 0, now: NOW });
export const standing = (phase: Phase, step = 0): Rollout => ({ ...FRESH, phase, step });
export const evidenceAt = (step: number, known: Partial<StepEvidence> = {}): Evidence => ({
	steps: [...Array.from({ length: step }, () => NO_STEP_EVIDENCE), { ...NO_STEP_EVIDENCE, ...known }],
	controls: [],
});
export const leaseOf = (device: string, outcome: LeaseOutcome | null = null, counts = true): Lease => ({
	...{
		unit: "u",
		device,
		model: "FW-1",
		site: null,
		region: null,
		step: 0,
		at: NOW,
		counts,
		partners: ["a"],
		deferrals: 0,
		outcome,
		detail: null,
		outcomeAt: null,
	},
});
export const NOBODY = { isAgain: false, siteSince: null, unitsOfModel: 0, unitsOfRegion: 0, frozen: null };
export const IN_GROUP = { peers: ["b"], isUnlocked: false };
export const ASKED: PermitQuestion = {
	device: "a",
	...IN_GROUP,
	unitLeases: [],
	isKnownModel: false,
	unitsOfAccount: 0,
	...NOBODY,
};
