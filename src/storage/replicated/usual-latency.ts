// How long a store usually takes to answer from here: an estimate of the time within which 19 of 20 answers come, since a store
// that is across the world is not slow. One number per store and isolate; no clock, no timers, no samples are kept.

export interface UsualLatency {
	/** @param ms that one answer took */
	note(ms: number): void;
	/** @returns milliseconds, between the bounds */
	ms(): number;
}

export interface LatencyBounds {
	/** what is taken for usual before anything was measured, and at least */
	readonly minMs: number;
	readonly maxMs: number;
}

const SHARE = 0.95;
/** Sixteen late answers move the estimate by 60 ms; on-time ones take it back 19 times as slowly, which is where 95 % come from. */
const STEP_MS = 4;

/** A quantile by steps: it goes up by SHARE of a step for an answer that took longer, and down by the rest of it for one that did not. */
export function createUsualLatency({ minMs, maxMs }: LatencyBounds): UsualLatency {
	let estimate = minMs;
	return {
		note(ms) {
			const moved = ms > estimate ? estimate + SHARE * STEP_MS : estimate - (1 - SHARE) * STEP_MS;
			estimate = Math.min(maxMs, Math.max(minMs, moved));
		},
		ms: () => estimate,
	};
}
