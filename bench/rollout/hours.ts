// The same releases in hours in which units fall silent anyway, whatever they run (an outage of a provider, a storm): with the units
// that are held back watched as a control, and without.
import type { Plan } from "../../src/rollout/plan.ts";
import { createRandom } from "../../test/simulation/random.ts";
import { type FleetPlan, runRelease } from "./fleet.ts";

/** Part of all units. */
const SILENT_ANYWAY = 0.05;
/** Part of the units that the release breaks; the first is a good release. */
const BREAKS = [0.002, 0.03, 0.1, 0.3] as const;

export interface HourFigures {
	readonly silentAnyway: number;
	readonly hasControl: boolean;
	readonly breaks: number;
	/** part of the runs */
	readonly halted: number;
	/** of those, part of the runs: at a step that counts single failures, which no control can change */
	readonly haltedByCount: number;
	/** units that the release itself broke */
	readonly casualties: { readonly p50: number; readonly p95: number };
}

/** @param fleet in calm hours @param runs of each */
export function roughHours(plan: Plan, fleet: FleetPlan, runs: number, seed: number): HourFigures[] {
	return BREAKS.flatMap((breaks) =>
		[false, true].map((hasControl) => {
			const rough = { ...fleet, silentAnyway: SILENT_ANYWAY, hasControl };
			const outcomes = Array.from({ length: runs }, (_, run) =>
				runRelease(plan, rough, { breaks, silent: false }, createRandom(seed + run * 7)),
			);
			const halted = outcomes.filter(({ ended }) => ended === "halted");
			const byCount = halted.filter(({ step }) => plan.steps[step]?.gate.kind === "count");
			const broken = outcomes.map(({ casualties }) => casualties).toSorted((one, other) => one - other);
			const at = (part: number) => broken[Math.min(broken.length - 1, Math.floor(part * broken.length))] ?? Number.NaN;
			return {
				...{ silentAnyway: SILENT_ANYWAY, hasControl, breaks },
				...{ halted: halted.length / runs, haltedByCount: byCount.length / runs },
				casualties: { p50: at(0.5), p95: at(0.95) },
			};
		}),
	);
}

/** @returns lines of text */
export function formatHours(hours: readonly HourFigures[]): string[] {
	const percent = (part: number) => `${Number((part * 100).toFixed(1))} %`;
	const row = (cells: readonly string[]) => cells.map((cell, index) => cell.padStart(index === 0 ? 18 : 15)).join("");
	return [
		`in hours in which ${percent(hours[0]?.silentAnyway ?? 0)} of all units fall silent anyway:`,
		row(["the release breaks", "control", "halted", "by a count", "broken p50", "p95"]),
		...hours.map(({ breaks, hasControl, halted, haltedByCount, casualties }) =>
			row([
				percent(breaks),
				hasControl ? "yes" : "none",
				percent(halted),
				percent(haltedByCount),
				String(casualties.p50),
				String(casualties.p95),
			]),
		),
		"by a count: at the steps of 2 and of 10 units, which count single failures whatever a control shows.",
	];
}
