// The table that grows while a run goes on: one line for each round, one column for each scenario, each cell written as soon
// as its turn is over. To stderr, so that stdout stays clean for the report.
import type { RowName } from "./rows.ts";

const FIRST_WIDTH = 7;
const MIN_WIDTH = 8;

/** @returns the lines above the table: long names stand on two */
export function formatHeader(names: readonly RowName[]): string {
	const parts = names.map(splitName);
	const lines = parts.some(([upper]) => upper !== "") ? [0, 1] : [1];
	return lines
		.map((line) => {
			const first = line === 1 ? "round" : "";
			return (
				first.padEnd(FIRST_WIDTH) + names.map((name, i) => (parts[i]?.[line] ?? "").padStart(widthOf(name))).join("")
			);
		})
		.join("\n");
}

export function formatRound(round: number): string {
	return (round === 0 ? "warm-up" : String(round)).padEnd(FIRST_WIDTH);
}

export function formatCell(name: RowName, requestsPerSecond: number): string {
	return requestsPerSecond.toFixed(0).padStart(widthOf(name));
}

function splitName(name: RowName): readonly [string, string] {
	const at = name.indexOf("-");
	return at < 0 ? ["", name] : [name.slice(0, at + 1), name.slice(at + 1)];
}

function widthOf(name: RowName): number {
	return Math.max(MIN_WIDTH, ...splitName(name).map((part) => part.length + 1));
}
