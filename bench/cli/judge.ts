// What the starts of one run come to: medians, best rounds, and how many times an empty Node each takes. Pure.
import { median } from "../statistics.ts";

/** Who starts it: the project's own Node, or an older one of the machine, which hands over to that. */
export type Way = "direct" | "handed over";

export interface Start {
	readonly title: string;
	readonly way: Way;
	/** an empty Node, to which the others of its way are compared */
	readonly isEmpty: boolean;
	/** how many times an empty Node it may take; null = there is no goal */
	readonly goal: number | null;
	/** ms of each round */
	readonly rounds: readonly number[];
}

export interface JudgedStart extends Omit<Start, "rounds"> {
	/** ms */
	readonly median: number;
	/** ms, of the round in which the machine did the least else */
	readonly best: number;
	/** of the medians, and of the best rounds */
	readonly ratio: number;
	readonly bestRatio: number;
	/** whether one of the two keeps to the goal: what else the machine does can only raise them */
	readonly met: boolean | null;
}

/** @returns a row for each, in order @throws Error when nothing tells what an empty Node takes */
export function judgeStarts(starts: readonly Start[]): readonly JudgedStart[] {
	return starts.map(({ rounds, ...start }) => {
		const empty = starts.find(({ isEmpty, way }) => isEmpty && way === start.way);
		if (empty === undefined) throw new Error(`no empty Node was started (${start.way})`);
		const own = { median: median(rounds), best: Math.min(...rounds) };
		const ratio = own.median / median(empty.rounds);
		const bestRatio = own.best / Math.min(...empty.rounds);
		const met = start.goal === null ? null : Math.min(ratio, bestRatio) <= start.goal;
		return { ...start, ...own, ratio, bestRatio, met };
	});
}
