// What the turns of a run come to: each row beside what it is compared with, its goal, and whether that was reached. Pure;
// of a run that was stopped it says what there is.
import { compare, type Ratios, reach, type Summary, summarise, type Turn, type Way } from "../statistics.ts";
import { DUELS, type PeerRow, ROWS, type RowName, type WorkerdRow } from "./rows.ts";

/** Undecided: one way of looking at the same turns says yes, another no. */
export type Outcome = "met" | "missed" | "undecided";

export interface Verdict {
	readonly goal: number;
	readonly outcome: Outcome;
	/** the ways in which the goal is reached */
	readonly reachedBy: readonly Way[];
}

export interface JudgedRow extends Summary {
	readonly name: WorkerdRow;
	readonly title: string;
	readonly against: WorkerdRow | null;
	/** null where it is itself what others are compared with, or that was not measured */
	readonly ratios: Ratios | null;
	/** null where no goal is set */
	readonly verdict: Verdict | null;
}

/** Ours beside the peer's. */
export interface Duel {
	readonly title: string;
	readonly ours: Summary & { readonly name: WorkerdRow };
	readonly peer: Summary & { readonly name: PeerRow };
	/** ours ÷ the peer's */
	readonly ratios: Ratios;
	readonly verdict: Verdict | null;
	/** where the ways disagree nobody is */
	readonly ahead: "parapet" | "nginx" | null;
}

/** The turns so far, by row. */
export type Turns = ReadonlyMap<RowName, readonly Turn[]>;

/** @returns a row for each scenario that had a turn, in the order of a round */
export function judgeRows(turns: Turns): readonly JudgedRow[] {
	return (Object.keys(ROWS) as WorkerdRow[]).flatMap((name) => {
		const summary = summaryOf(turns, name);
		if (summary === null) return [];
		const { title, against, goal } = ROWS[name];
		const base = against === null ? null : summaryOf(turns, against);
		const ratios = base === null ? null : compare(summary, base);
		return [{ ...summary, name, title, against, ratios, verdict: judge(ratios, goal) }];
	});
}

/** @returns a duel for each pair of which both had a turn */
export function judgeDuels(turns: Turns): readonly Duel[] {
	return DUELS.flatMap(({ title, ours: name, peer: peerName, goal }) => {
		const ours = summaryOf(turns, name);
		const peer = summaryOf(turns, peerName);
		if (ours === null || peer === null) return [];
		const ratios = compare(ours, peer);
		const outcome = judge(ratios, 1)?.outcome;
		const ahead = outcome === "met" ? "parapet" : outcome === "missed" ? "nginx" : null;
		const sides = { ours: { ...ours, name }, peer: { ...peer, name: peerName } };
		return [{ title, ...sides, ratios, verdict: judge(ratios, goal), ahead } as const];
	});
}

function summaryOf(turns: Turns, name: RowName): Summary | null {
	return summarise(turns.get(name) ?? []);
}

function judge(ratios: Ratios | null, goal: number | null): Verdict | null {
	if (ratios === null || goal === null) return null;
	const { reached, short } = reach(ratios, goal);
	const outcome = short.length === 0 ? "met" : reached.length === 0 ? "missed" : "undecided";
	return { goal, outcome, reachedBy: reached };
}
