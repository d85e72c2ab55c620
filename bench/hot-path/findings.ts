// What a run has found so far, and the report of it at any moment.
import type { Turn } from "../statistics.ts";
import { judgeDuels, judgeRows } from "./judge.ts";
import type { BenchOptions } from "./options.ts";
import type { Probed, Report } from "./report.ts";
import type { RowName } from "./rows.ts";

/** Single figures, as they come. */
export type Found = Probed & Pick<Report, "peer">;

export interface Findings {
	add(found: Found): void;
	addTurn(name: RowName, turn: Turn): void;
	complete(): void;
	/** @param reason why the run ends early */
	fail(reason: string): void;
	report(): Report;
}

/** @param machine what the run is on */
export function createFindings(machine: string, options: BenchOptions): Findings {
	const { devices, rounds, seconds, smallFleet, largeFleet } = options;
	const settings = { devices, rounds, seconds, smallFleet, largeFleet };
	const turns = new Map<RowName, Turn[]>();
	let found: Found = {};
	let end: { isComplete: boolean; error?: string } = { isComplete: false };
	return {
		add(more) {
			found = { ...found, ...more };
		},
		addTurn(name, turn) {
			const before = turns.get(name);
			if (before === undefined) turns.set(name, [turn]);
			else before.push(turn);
		},
		complete() {
			end = { isComplete: true };
		},
		fail(error) {
			end = { isComplete: false, error };
		},
		report: () => ({ machine, settings, ...end, rows: judgeRows(turns), duels: judgeDuels(turns), ...found }),
	};
}
