// The figures of a trial as tables, or as one JSON document.
import { mark } from "../progress.ts";
import type { Faults, ReleaseFigures } from "./judge.ts";
import type { TrialCourse } from "./trial.ts";

/** @returns the text to print, with its last line feed */
export function formatTrial(
	course: TrialCourse,
	figures: readonly ReleaseFigures[],
	faults: Faults,
	json: boolean,
): string {
	const { options, stores, chaos, seconds, witness } = course;
	const refusals = [...witness.answers]
		.filter(([row]) => / [45]\d\d/.test(row))
		.sort(([one], [other]) => (one < other ? -1 : 1));
	if (json) {
		const answers = Object.fromEntries([...witness.answers].sort());
		return `${JSON.stringify({ options, stores, chaos, seconds, lostAnswers: witness.lost, figures, faults, answers }, null, "\t")}\n`;
	}
	const { devices, pairs, accounts, seed } = options;
	const goal = (name: string, found: readonly string[]) =>
		`${name.padEnd(66)}${String(found.length).padStart(4)}  ${mark(found.length === 0)}${found.length === 0 ? "" : `: ${found.slice(0, 5).join("; ")}`}`;
	return [
		`${devices} devices, ${2 * pairs} of them in ${pairs} HA pairs, ${accounts} accounts, stores ${stores}, seed ${seed}`,
		`${hours(seconds.virtual)} of the fleet's time in ${seconds.real} s`,
		`killed: ${chaos.deaths} objects between two statements, redis-server ${chaos.redis} times; cut: KV ${chaos.kv}, the way to the objects ${chaos.objects} times; ${witness.lost} answers lost`,
		"",
		row(["release", "ended", "at step", "reached", "broken", "to halt", "after evidence", "lease late", "to revert"]),
		...figures.map(({ version, kind, phase, step, reached, broken, halt }) =>
			row([
				`${version} ${kind}`,
				...[phase, step, String(reached), String(broken)],
				...(halt === null
					? ["-", "-", "-", "-"]
					: [
							minutes(halt.seconds),
							halt.isByPersons ? "by persons" : `${halt.afterEvidence} s`,
							halt.leaseLate === null ? "-" : `${halt.leaseLate} s`,
							halt.revertSeconds === null ? "-" : minutes(halt.revertSeconds),
						]),
			]),
		),
		"",
		row(["permits", "of", "step", "units", "cap", "at once", "cap then"]),
		...figures.flatMap(({ version, steps }) =>
			steps
				.filter(({ units }) => units > 0)
				.map(({ name, units, cap, inFlight, inFlightCap }) =>
					row([
						"",
						version,
						name,
						String(units),
						cap === null ? "-" : String(cap),
						String(inFlight),
						inFlightCap === null ? "-" : String(inFlightCap),
					]),
				),
		),
		"",
		goal("pairs of which both were down, or had a permit, at once", faults.pairsAtOnce),
		goal("steps with a permit too many, at all or at once", faults.overCap),
		goal("permits for a bad release that its product does not know of", faults.unknownPermits),
		goal("halts that were wrong, missing or later than one report or lease", faults.halts),
		"",
		"refused or failed, by route, status and code:",
		...refusals.map(([answer, count]) => `  ${String(count).padStart(7)}  ${answer}`),
		"",
	].join("\n");
}

const WIDTHS = [16, 10, 12, 9, 8, 10, 16, 12, 11] as const;
const row = (cells: readonly string[]) =>
	cells
		.map((cell, index) => (index < 3 ? cell.padEnd(WIDTHS[index] ?? 10) : cell.padStart(WIDTHS[index] ?? 10)))
		.join("")
		.trimEnd();

function minutes(seconds: number): string {
	return `${(seconds / 60).toFixed(1)} min`;
}

function hours(seconds: number): string {
	return `${(seconds / 3_600).toFixed(1)} h`;
}
