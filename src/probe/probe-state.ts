// What several probes in a row say: one that fails is bad luck, two are a failure, and two that go well end it. So somebody is called once,
// whatever the service does between.
import type { ProbeResult } from "./run-probe.ts";

/** In a row, before the state changes. */
const IN_A_ROW = 2;

export interface ProbeState {
	/** unix seconds, of the last probe */
	readonly at: number;
	readonly last: ProbeResult;
	/** whether it counts as failing */
	readonly isFailing: boolean;
	/** probes in a row, the last of them, that say otherwise */
	readonly against: number;
}

export type ProbeNews = "service.probe_failed" | "service.probe_recovered";

/** @param before null = this is the first @param at unix seconds @returns the state now, and what is told of it */
export function heed(
	before: ProbeState | null,
	last: ProbeResult,
	at: number,
): { readonly state: ProbeState; readonly news: ProbeNews | null } {
	const isFailing = before?.isFailing ?? false;
	const fails = last.failed !== null;
	const against = fails === isFailing ? 0 : (before?.against ?? 0) + 1;
	if (against < IN_A_ROW) return { state: { at, last, isFailing, against }, news: null };
	return {
		state: { at, last, isFailing: fails, against: 0 },
		news: fails ? "service.probe_failed" : "service.probe_recovered",
	};
}
