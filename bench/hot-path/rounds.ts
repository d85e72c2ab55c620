// Many short rounds: in each, every scenario has one turn, one after the other, so that whatever else the machine does meets
// all of them alike. Every figure is handed on as soon as it is there.
import type { LoadGenerator } from "../load/load-generator.ts";
import type { Turn } from "../statistics.ts";
import type { RowName } from "./rows.ts";
import { type Scenario, startPace, takeTurn } from "./turn.ts";

export interface RoundsPlan {
	readonly rounds: number;
	/** of each turn */
	readonly seconds: number;
	/** the clock, unix seconds */
	readonly now: () => number;
}

export interface Listener {
	/** @param round from 1; 0 = the round that compiles and fills caches, and is not counted */
	onRound(round: number): void;
	onTurn(name: RowName, round: number, turn: Turn): void;
}

/** @throws Error at the first answer that is not expected; what was handed on until then holds */
export async function runRounds(
	load: LoadGenerator,
	scenarios: readonly Scenario[],
	plan: RoundsPlan,
	listener: Listener,
): Promise<void> {
	const paces = scenarios.map(() => startPace());
	for (let round = 0; round <= plan.rounds; round++) {
		listener.onRound(round);
		for (const [index, scenario] of scenarios.entries()) {
			const turn = await takeTurn(load, scenario, paces[index] ?? startPace(), plan);
			listener.onTurn(scenario.name, round, turn);
		}
	}
}
