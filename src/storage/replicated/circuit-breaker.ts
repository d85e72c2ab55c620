// Whether a store is worth calling. Closed: it is. Open, after too many bad calls: it is left alone for a while of random
// length. Then one call, the probe, decides between the two. After a recovery others go first for a time, because the store
// may still lack what was written while it was away. Holds numbers only, no promise and no timer: a request may vanish.
import { createCallWindow } from "./call-window.ts";

export interface BreakerSettings {
	/** calls are counted over so many milliseconds */
	readonly windowMs: number;
	/** fewer calls than this prove nothing */
	readonly minCalls: number;
	/** share of bad calls, 0 to 1, from which on the store is left alone */
	readonly badShare: number;
	/** it is left alone for at least this and less than that */
	readonly openMinMs: number;
	readonly openMaxMs: number;
	/** a probe without an outcome for so long belonged to a request that was cancelled */
	readonly probeMs: number;
	/** how long after a recovery others go first */
	readonly holdDownMs: number;
}

/** due: its next call is the probe; follows: may be called, after those that lead; open: must not be called */
export type Standing = "leads" | "due" | "follows" | "open";

/** abandoned: nobody waited for the outcome, so there is none */
export type CallOutcome = "good" | "bad" | "abandoned";

export interface CircuitBreaker {
	standing(nowMs: number): Standing;
	/** Asks to make a call; of those who ask while a probe is due, one gets it. @returns whether to call */
	enter(nowMs: number): boolean;
	/** Tells the outcome of a call that was entered. */
	leave(nowMs: number, outcome: CallOutcome): void;
}

type State =
	| { readonly kind: "closed"; readonly leadsFromMs: number }
	| { readonly kind: "open"; readonly untilMs: number }
	| { readonly kind: "probing"; readonly untilMs: number };

/** @param random 0 ≤ x < 1, for the length of a pause */
export function createCircuitBreaker(settings: BreakerSettings, random: () => number): CircuitBreaker {
	const window = createCallWindow(settings.windowMs);
	let state: State = { kind: "closed", leadsFromMs: Number.NEGATIVE_INFINITY };

	function standing(nowMs: number): Standing {
		if (state.kind === "closed") return nowMs >= state.leadsFromMs ? "leads" : "follows";
		return nowMs >= state.untilMs ? "due" : "open";
	}

	function open(nowMs: number): void {
		const { openMinMs, openMaxMs } = settings;
		state = { kind: "open", untilMs: nowMs + openMinMs + random() * (openMaxMs - openMinMs) };
		window.clear();
	}

	function leaveClosed(nowMs: number, isBad: boolean): void {
		window.add(nowMs, isBad);
		const { calls, bad } = window.counts(nowMs);
		if (calls >= settings.minCalls && bad >= calls * settings.badShare) open(nowMs);
	}

	function leaveProbing(nowMs: number, outcome: CallOutcome): void {
		if (outcome === "good") state = { kind: "closed", leadsFromMs: nowMs + settings.holdDownMs };
		else if (outcome === "bad") open(nowMs);
		// Still due: the next call is the probe.
		else state = { kind: "open", untilMs: nowMs };
	}

	return {
		standing,
		enter(nowMs) {
			const now = standing(nowMs);
			if (now === "due") state = { kind: "probing", untilMs: nowMs + settings.probeMs };
			return now !== "open";
		},
		leave(nowMs, outcome) {
			if (state.kind === "probing") leaveProbing(nowMs, outcome);
			// A call from before the pause that ends in it says nothing new.
			else if (state.kind === "closed" && outcome !== "abandoned") leaveClosed(nowMs, outcome === "bad");
		},
	};
}
