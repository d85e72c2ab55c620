// What is known of the units that have a release, step by step, as numbers. Failures only grow.

/** Of units, not devices: an HA group counts once. */
export interface StepEvidence {
	/** permits given in this step */
	readonly permits: number;
	readonly healthy: number;
	/** reported as failed, rolled back */
	readonly failed: number;
	/** of those that failed: well by their own word, and beyond the product's limits on their health */
	readonly unhealthy: number;
	/** leases that ended without a report: the box may be dead */
	readonly silent: number;
	/** open for longer than the step expects: perhaps dead, perhaps slow */
	readonly overdue: number;
	/** no longer counted: deactivated, or put off by the device's own side (window, HA peer, disk) */
	readonly excused: number;
	/** of how many models the permits are */
	readonly models: number;
}

/** Units that a step did not let in, in the same hours; see control.ts. */
export interface ControlEvidence {
	/** asked again, as they were told to */
	readonly healthy: number;
	/** did not */
	readonly failed: number;
}

export interface Evidence {
	/** one for each step that has begun */
	readonly steps: readonly StepEvidence[];
	/** likewise; what is usual in the hours of one step says nothing of another's */
	readonly controls: readonly ControlEvidence[];
}

export const NO_STEP_EVIDENCE: StepEvidence = {
	permits: 0,
	healthy: 0,
	failed: 0,
	unhealthy: 0,
	silent: 0,
	overdue: 0,
	excused: 0,
	models: 0,
};
export const NO_CONTROL: ControlEvidence = { healthy: 0, failed: 0 };
export const NO_EVIDENCE: Evidence = { steps: [], controls: [] };

/** @returns what is known of a step; of one that has not begun, nothing */
export function stepEvidence({ steps }: Evidence, step: number): StepEvidence {
	return steps[step] ?? NO_STEP_EVIDENCE;
}

/** @returns what the control of a step shows; of one without, nothing */
export function controlEvidence({ controls }: Evidence, step: number): ControlEvidence {
	return controls[step] ?? NO_CONTROL;
}

/** Silence counts as failure: a box that died cannot say so. */
export function failuresOf({ failed, silent }: Pick<StepEvidence, "failed" | "silent">): number {
	return failed + silent;
}

/** @returns units that stand for the step: a place that an excused unit has left is there for another */
export function placesTaken({ permits, excused }: Pick<StepEvidence, "permits" | "excused">): number {
	return permits - excused;
}

/** @returns units whose outcome is not known yet */
export function openLeases({ permits, healthy, failed, silent, excused }: StepEvidence): number {
	return permits - healthy - failed - silent - excused;
}

/** @returns failures of all steps together */
export function allFailures({ steps }: Evidence): number {
	return steps.reduce((sum, step) => sum + failuresOf(step), 0);
}
