// What elastic seats promise, beside what was measured: one line for each goal.
import type { Goal } from "../records/goals.ts";
import type { SeatsFigures } from "./measure.ts";

/** An index that is a level deeper costs something; one that is read from end to end costs a hundred times as much. */
const MAX_GROWTH = 1.25;
const RENEWAL_ROWS = 2;

/** @returns a line for each */
export function judgeSeats({ operations }: Pick<SeatsFigures, "operations">): readonly Goal[] {
	const rowsOf = (name: string) => operations.find(({ operation }) => operation === name)?.rows ?? Number.NaN;
	const worst = operations.reduce((most, one) => (one.growth > most.growth ? one : most));
	return [
		{
			title: `growth of the operation that grows most (${worst.operation})`,
			value: `${worst.growth.toFixed(2)} ×`,
			goal: `≤ ${MAX_GROWTH} ×`,
			met: worst.growth <= MAX_GROWTH,
		},
		{
			title: "rows written by a renewal with enough left",
			value: rowsOf("kept").toFixed(0),
			goal: "0",
			met: rowsOf("kept") === 0,
		},
		{
			title: "rows written by a renewal",
			value: rowsOf("renewed").toFixed(2),
			goal: `≤ ${RENEWAL_ROWS}`,
			met: rowsOf("renewed") <= RENEWAL_ROWS,
		},
	];
}
