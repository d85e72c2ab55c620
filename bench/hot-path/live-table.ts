// The table that grows while a run goes on: one line for each round, one column for each scenario, each cell written as soon
// as its turn is over, and every few rounds the ratios so far.
import type { Findings } from "./findings.ts";
import type { Report } from "./report.ts";
import type { Listener } from "./rounds.ts";
import type { RowName } from "./rows.ts";

const FIRST_WIDTH = 7;
const MIN_WIDTH = 8;
const RATIOS_EVERY = 5;

/**
 * Writes the names of the columns.
 * @param findings take each turn but those of the warm-up
 * @param write to the terminal
 * @returns what is to be told of rounds and turns
 */
export function openLiveTable(
	names: readonly RowName[],
	findings: Pick<Findings, "addTurn" | "report">,
	write: (text: string) => void,
): Listener {
	write("requests per second; ratio: of the medians so far, to a bare Worker, and of Parapet to nginx\n");
	write(formatHeader(names));
	return {
		onRound(round) {
			if (round > 1 && (round - 1) % RATIOS_EVERY === 0) write(`\n${formatRatios(names, findings.report())}`);
			write(`\n${(round === 0 ? "warm-up" : String(round)).padEnd(FIRST_WIDTH)}`);
		},
		onTurn(name, round, turn) {
			if (round > 0) findings.addTurn(name, turn);
			write(turn.requestsPerSecond.toFixed(0).padStart(widthOf(name)));
		},
	};
}

/** Long names stand on two lines. */
function formatHeader(names: readonly RowName[]): string {
	const upper = names.map((name) => splitName(name)[0].padStart(widthOf(name))).join("");
	const lower = names.map((name) => splitName(name)[1].padStart(widthOf(name))).join("");
	const header = "round".padEnd(FIRST_WIDTH) + lower;
	return upper.trim() === "" ? header : `${"".padEnd(FIRST_WIDTH)}${upper}\n${header}`;
}

function formatRatios(names: readonly RowName[], { rows, duels }: Pick<Report, "rows" | "duels">): string {
	const ratios = new Map<RowName, number | undefined>([
		...rows.map(({ name, ratios: of }) => [name, of?.median] as const),
		...duels.map(({ peer, ratios: of }) => [peer.name, of.median] as const),
	]);
	const cells = names.map((name) => (ratios.get(name)?.toFixed(2) ?? "").padStart(widthOf(name)));
	return "ratio".padEnd(FIRST_WIDTH) + cells.join("").trimEnd();
}

function splitName(name: RowName): readonly [string, string] {
	const at = name.indexOf("-");
	return at < 0 ? ["", name] : [name.slice(0, at + 1), name.slice(at + 1)];
}

function widthOf(name: RowName): number {
	return Math.max(MIN_WIDTH, ...splitName(name).map((part) => part.length + 1));
}
