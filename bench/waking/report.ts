// Turns the figures of waking into a table that can be read, and says what they do not show.
import type { Waking, WakingFigures, WakingPlan } from "./measure.ts";

export interface WakingReport extends WakingFigures {
	readonly machine: string;
	readonly settings: WakingPlan;
}

const TITLE_WIDTH = 40;
const WIDTH = 12;

export function formatWakingReport({ machine, settings, account, bare }: WakingReport): string {
	const row = ([title = "", ...cells]: readonly string[]) =>
		(title.padEnd(TITLE_WIDTH) + cells.map((cell) => cell.padStart(WIDTH)).join("")).trimEnd();
	const figures = (title: string, { statements, median, best, cpu }: Waking) => {
		// A short run may be over before the clock of processor time has moved.
		const ratio = cpu !== null && bare.cpu ? cpu / bare.cpu : median / bare.median;
		return row([title, ...[statements, cpu, median, best].map((one) => one?.toFixed(0) ?? "–"), ratio.toFixed(2)]);
	};
	return [
		machine,
		`${settings.objects} objects of each kind, thrown out of memory and called, ${settings.rounds} rounds; × bare by processor time`,
		"",
		row(["waking an object", "statements", "cpu µs", "median µs", "best µs", "× bare"]),
		figures("bare object: one table, one read", bare),
		figures("Account", account),
		"",
		NOT_MEASURED,
	].join("\n");
}

const NOT_MEASURED = `What this does not measure
  The platform's way to an object that is asleep: finding it, and reading its database from where it is stored.
  An Account with content: what its constructor runs does not depend on it.`;
