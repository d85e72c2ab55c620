// What the last probes say together: one that fails is bad luck; two in a row are a failure, and so are three of ten. Half an hour without any
// ends it. So somebody is called once for one failure, also where it comes and goes.
import type { ProbeResult } from "./run-probe.ts";

const REMEMBERED = 10;
const FAILED_IN_A_ROW = 2;
const FAILED_OF_REMEMBERED = 3;
const WELL_IN_A_ROW = 6;

export interface ProbeState {
	/** unix seconds, of the last probe */
	readonly at: number;
	readonly last: ProbeResult;
	/** whether it counts as failing */
	readonly isFailing: boolean;
	/** the last ones since the state changed, at most ten, the newest last: x failed, o went well */
	readonly recent: string;
}

export type ProbeNews = "service.probe_failed" | "service.probe_recovered";

/** @param before null = this is the first @param at unix seconds @returns the state now, and what is told of it */
export function heed(
	before: ProbeState | null,
	last: ProbeResult,
	at: number,
): { readonly state: ProbeState; readonly news: ProbeNews | null } {
	const isFailing = before?.isFailing ?? false;
	const recent = `${before?.recent ?? ""}${last.failed === null ? "o" : "x"}`.slice(-REMEMBERED);
	const changes = isFailing ? isWell(recent) : isBad(recent);
	if (!changes) return { state: { at, last, isFailing, recent }, news: null };
	return {
		state: { at, last, isFailing: !isFailing, recent: "" },
		news: isFailing ? "service.probe_recovered" : "service.probe_failed",
	};
}

function isBad(recent: string): boolean {
	const failed = recent.replaceAll("o", "").length;
	return recent.endsWith("x".repeat(FAILED_IN_A_ROW)) || failed >= FAILED_OF_REMEMBERED;
}

function isWell(recent: string): boolean {
	return recent.endsWith("o".repeat(WELL_IN_A_ROW));
}
