// Turns the figures of elastic seats into a table that can be read, and says what they do not show.
import { mark } from "../progress.ts";
import { judgeSeats } from "./goals.ts";
import type { Operation, SeatsFigures, SeatsPlan } from "./measure.ts";

export interface SeatsReport extends SeatsFigures {
	readonly machine: string;
	readonly settings: SeatsPlan;
}

const TITLES: Readonly<Record<Operation, string>> = {
	kept: "renewal, enough of the lease is left",
	renewed: "renewal that is written",
	activate: "activation of a new device",
	explain: "reading what explains one device",
	usage: "licenses with the seats that are taken",
	sweep: "sweep of 500 seats whose lease is over",
};
const TITLE_WIDTH = 58;
const WIDTH = 14;

/** First column to the left, the others to the right. */
function row(cells: readonly string[]): string {
	const [title = "", ...rest] = cells;
	return (title.padEnd(TITLE_WIDTH) + rest.map((cell) => cell.padStart(WIDTH)).join("")).trimEnd();
}

export function formatSeatsReport(report: SeatsReport): string {
	const { machine, settings, filling, operations, firstAfterAllEnded } = report;
	const countOf = (devices: number) => `${devices.toLocaleString("en-US")} dev.`;
	return [
		machine,
		`one workerd, two accounts in turn; µs in the object for one, best of ${settings.rounds} rounds (sweeps: of 2)`,
		"",
		row(["goals", "measured", "goal", ""]),
		...judgeSeats(report).map(({ title, value, goal, met }) =>
			row([title, value, goal ?? "", met === null ? "" : mark(met)]),
		),
		"",
		row(["elastic seats in one account", countOf(settings.small), countOf(settings.large), "growth", "rows written"]),
		...operations.map(({ operation, small, large, growth, rows }) =>
			row([
				TITLES[operation],
				small.toFixed(0),
				large.toFixed(0),
				`${growth.toFixed(2)} ×`,
				rows.toFixed(rows % 1 && 2),
			]),
		),
		`filled in ${filling.seconds.toFixed(0)} s, ${filling.each.toFixed(0)} µs for one activation; the first token after every lease has ended, and nobody has swept: ${firstAfterAllEnded.toFixed(0)} ms`,
		"",
		NOT_MEASURED,
	].join("\n");
}

const NOT_MEASURED = `What this does not measure
  The way to the object and back, which is most of what a device waits for; tokens are in npm run bench.
  The platform's storage, which keeps an answer back until a write is on several disks. Here it is one disk, and operations
  of a round share a commit.
  Stores of records: here they take everything at once. A renewal writes none.
  Many accounts at once: each is an object of its own.`;
