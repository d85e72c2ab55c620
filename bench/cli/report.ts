// Turns the figures of the command line's start into a table that can be read, and says what they do not show.
import { mark } from "../progress.ts";
import { type JudgedStart, judgeStarts, type Start } from "./judge.ts";

export interface CliReport {
	readonly machine: string;
	readonly settings: { readonly rounds: number };
	/** version of the machine's older Node; null = it has none */
	readonly olderNode: string | null;
	readonly starts: readonly Start[];
}

const TITLE_WIDTH = 42;
const WIDTH = 10;

export function formatCliReport({ machine, settings, olderNode, starts }: CliReport): string {
	const judged = judgeStarts(starts);
	const rows = (way: Start["way"]) => judged.filter((one) => one.way === way).map(formatRow);
	const header = row(["", "median ms", "best ms", "× empty", "best ×", "goal"]);
	return [
		machine,
		`${settings.rounds} rounds in turn, after one that is not counted; the server is on this machine and answers at once`,
		"",
		header,
		...rows("direct"),
		...(olderNode === null
			? ["", "This machine's own Node needs not hand over, or npm did not say which it is: not measured."]
			: [
					"",
					`started by this machine's Node ${olderNode}, which hands over to the project's:`,
					...rows("handed over"),
				]),
		"",
		"× empty: median ÷ that of an empty script of the same Node; best ×: the same of the best rounds. A goal is met when one of",
		"them keeps to it: 0.25 s for help and 0.4 s for one call, where an empty Node takes 0.06 s.",
		"",
		"What this does not measure: the way to a server, TLS (which is loaded for https only), disks that have to be asked.",
	].join("\n");
}

function formatRow({ title, median, best, ratio, bestRatio, goal, met }: JudgedStart): string {
	const judged = goal === null || met === null ? "" : `≤ ${goal.toFixed(1)} ${mark(met)}`;
	return row([title, median.toFixed(0), best.toFixed(0), ratio.toFixed(2), bestRatio.toFixed(2), judged]);
}

/** First column to the left, figures to the right, what was judged after them. */
function row([title = "", median = "", best = "", ratio = "", bestRatio = "", judged = ""]: readonly string[]): string {
	const figures = [median, best, ratio, bestRatio].map((cell) => cell.padStart(WIDTH)).join("");
	return `${title.padEnd(TITLE_WIDTH)}${figures}   ${judged}`.trimEnd();
}
