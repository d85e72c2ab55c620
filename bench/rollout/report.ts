// The figures of simulated rollouts as a table, or as one JSON document; which goals were met.
import { mark } from "../progress.ts";
import type { FleetOutcome, FleetPlan, Release } from "./fleet.ts";
import type { HerdFigures } from "./herd.ts";
import { formatHours, type HourFigures } from "./hours.ts";

export interface ReleaseFigures {
	readonly release: Release;
	readonly outcomes: readonly FleetOutcome[];
	readonly peers: readonly { readonly casualties: number; readonly halted: boolean }[];
}

export interface RolloutsReport {
	readonly plan: string;
	readonly runs: number;
	readonly seed: number;
	readonly fleet: FleetPlan;
	readonly releases: readonly ReleaseFigures[];
	readonly hours: readonly HourFigures[];
	readonly herd: HerdFigures;
}

/** Median number of units that may break, by the part that the release breaks. */
const GOALS = new Map([
	[1, 2],
	[0.3, 2],
	[0.1, 6],
	[0.03, 9],
]);
/** Part of healthy releases that may be stopped. */
const FALSE_HALTS = 0.01;
/** Breaking fewer than this is what happens anyway. */
const HEALTHY = 0.005;
const WIDTHS = [24, 11, 8, 8, 10, 10, 15, 12, 16] as const;
/** Checks in the busiest second ÷ the mean. */
const HERD = { steady: 1.5, recovery: 5 } as const;

interface Line {
	readonly breaks: number;
	readonly silent: boolean;
	readonly casualties: { readonly p50: number; readonly p95: number };
	readonly halted: number;
	readonly installedP50: number;
	readonly hoursToHaltP50: number | null;
	/** from the order, of those that were halted */
	readonly minutesToRevertP50: number | null;
	readonly goal: number | null;
	readonly met: boolean | null;
	readonly errorShare: { readonly p50: number; readonly halted: number };
}

/** Of fewer runs, one stopped release more or less decides whether a goal of 1 % is met. */
const RUNS_TO_JUDGE = 200;

function lineOf({ release, outcomes, peers }: ReleaseFigures): Line {
	const casualties = outcomes.map((outcome) => outcome.casualties);
	const stopped = outcomes.filter(({ ended }) => ended === "halted");
	const halted = stopped.length / outcomes.length;
	const p50 = quantile(casualties, 0.5);
	const healthy = release.breaks < HEALTHY;
	const goal = healthy ? FALSE_HALTS : (GOALS.get(release.breaks) ?? null);
	return {
		...release,
		casualties: { p50, p95: quantile(casualties, 0.95) },
		halted,
		installedP50: quantile(
			outcomes.map(({ installed }) => installed),
			0.5,
		),
		hoursToHaltP50:
			stopped.length === 0
				? null
				: quantile(
						stopped.map(({ seconds }) => seconds),
						0.5,
					) / 3_600,
		minutesToRevertP50:
			stopped.length === 0
				? null
				: quantile(
						stopped.map(({ revertSeconds }) => revertSeconds),
						0.5,
					) / 60,
		goal,
		met: goal === null || outcomes.length < RUNS_TO_JUDGE ? null : (healthy ? halted : p50) <= goal,
		errorShare: {
			p50: quantile(
				peers.map((peer) => peer.casualties),
				0.5,
			),
			halted: peers.filter((peer) => peer.halted).length / peers.length,
		},
	};
}

function quantile(values: readonly number[], part: number): number {
	const sorted = values.toSorted((one, other) => one - other);
	return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

/** @returns the text to print, with its last line feed */
export function formatRollouts(report: RolloutsReport, json: boolean): string {
	const { plan, runs, seed, fleet, hours, herd } = report;
	const lines = report.releases.map(lineOf);
	if (json) return `${JSON.stringify({ plan, runs, seed, fleet, lines, hours, herd, herdGoals: HERD }, null, "\t")}\n`;
	const row = (cells: readonly string[]) =>
		cells.map((cell, index) => (index === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[index] ?? 10))).join("");
	return [
		`plan ${plan}, ${fleet.units.toLocaleString("en-US")} units that check each ${fleet.pollSeconds} s, ${runs} runs each, seed ${seed}`,
		"",
		row([
			"the release breaks",
			"broken p50",
			"p95",
			"halted",
			"installed",
			"h to halt",
			"min to revert",
			"goal",
			"by error share",
		]),
		...lines.map((line) =>
			row([
				`${percent(line.breaks)}${line.silent ? ", silently" : ""}`,
				String(line.casualties.p50),
				String(line.casualties.p95),
				percent(line.halted),
				String(line.installedP50),
				line.hoursToHaltP50 === null ? "-" : line.hoursToHaltP50.toFixed(1),
				line.minutesToRevertP50 === null ? "-" : line.minutesToRevertP50.toFixed(0),
				line.goal === null ? "" : `≤ ${goalText(line)}${line.met === null ? "" : ` ${mark(line.met)}`}`,
				`${line.errorShare.p50} (${percent(line.errorShare.halted)})`,
			]),
		),
		"",
		...(runs < RUNS_TO_JUDGE ? [`${runs} runs are too few to judge the goals by; ${RUNS_TO_JUDGE} are enough.`] : []),
		"broken: units in which the release failed before it was stopped. by error share: median of a rule that stops when errors are",
		"more than 5 % of a group of a tenth of the fleet, and which does not count silence; in brackets how often it stopped.",
		"to revert: from an order at the halt until the last living unit runs the release before; it asks with its next check.",
		"",
		...formatHours(hours),
		"",
		`${herd.devices.toLocaleString("en-US")} devices, checks in the busiest second ÷ the mean:`,
		...herdLines(herd),
		"",
		"Not simulated here: several releases at once, HA groups, windows, persons who take their time, health other than failed.",
		"",
	].join("\n");
}

function herdLines({ steady, afterRefusals, afterSilence }: HerdFigures): string[] {
	const line = (what: string, ratio: number, goal: number) =>
		`  ${what.padEnd(86)}${ratio.toFixed(2).padStart(6)}  ≤ ${goal} ${mark(ratio <= goal)}`;
	return [
		line("as ever", steady, HERD.steady),
		line(
			"in the ten minutes after an outage of half an hour in which the service answered 503",
			afterRefusals,
			HERD.recovery,
		),
		line(
			"in the ten minutes after an outage of half an hour in which nobody could connect",
			afterSilence,
			HERD.recovery,
		),
	];
}

function goalText({ breaks, goal }: Line): string {
	return breaks < HEALTHY ? percent(goal ?? 0) : String(goal);
}

function percent(part: number): string {
	return `${Number((part * 100).toFixed(1))} %`;
}
