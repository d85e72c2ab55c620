// What devices asked for and were answered, added up from rows of the history. Pure; whoever reads the files bounds how many rows these are.
import type { HistoryRow } from "./fields.ts";

/** As a line of a file has it: what was null is left out. */
export type StoredRow = Partial<HistoryRow>;

/** What is counted: the kind is what was asked for. */
type Told = Required<StoredRow> & { readonly isRefused: boolean };

export interface AskedCount {
	/** a kind of docs/history.md; of a refusal or a wait what was asked for */
	readonly kind: string;
	readonly events: number;
	/** without the waits, here and in all lists */
	readonly refused: number;
	/** of packages */
	readonly bytes: number;
	/** ms until half, nine of ten and 99 of a hundred answers began; a check counts as many as its row stands for */
	readonly p50: number;
	readonly p90: number;
	readonly p99: number;
}
export interface AnswerCount {
	readonly kind: string;
	readonly status: number;
	readonly problem: string | null;
	readonly events: number;
}
export interface CountryTraffic {
	readonly country: string | null;
	readonly events: number;
	readonly refused: number;
}
export interface MinuteCount {
	/** unix seconds */
	readonly at: number;
	readonly events: number;
	readonly refused: number;
}

export interface Traffic {
	readonly events: number;
	/** that the service had to drop */
	readonly lost: number;
	/** most events first, each of these lists but the last */
	readonly kinds: readonly AskedCount[];
	readonly answers: readonly AnswerCount[];
	readonly countries: readonly CountryTraffic[];
	/** earliest first; minutes without an event are left out */
	readonly minutes: readonly MinuteCount[];
}

const MINUTE_MS = 60_000;

/**
 * @param rows a row that was written twice is counted once @param from unix seconds: what came before it is not counted
 * @param asked a country, to which all counts but those of countries keep; undefined = all
 */
export function countTraffic(rows: Iterable<StoredRow>, from: number, asked?: string): Traffic {
	const seen = new Set<string>();
	const everywhere: Told[] = [];
	let lost = 0;
	for (const row of rows) {
		const { id = "", time = "", weight = 1, kind = "" } = row;
		if (seen.has(id) || !(Date.parse(time) >= from * 1_000)) continue;
		seen.add(id);
		if (kind === "lost") lost += weight;
		else everywhere.push({ ...row, kind: row.asked ?? kind, isRefused: kind === "refusal", weight, time } as Told);
	}
	const told = asked === undefined ? everywhere : everywhere.filter(({ country }) => country === asked);
	return {
		events: weightOf(told),
		lost,
		kinds: byMost(
			Map.groupBy(told, ({ kind }) => kind),
			(kind, of) => ({
				...{ kind, refused: refusedIn(of), bytes: of.reduce((sum, { bytes = 0 }) => sum + bytes, 0) },
				...percentilesOf(of),
			}),
		),
		answers: byMost(
			Map.groupBy(told, ({ kind, status, problem }) => JSON.stringify([kind, status, problem ?? null])),
			(key) => {
				const [kind, status, problem] = JSON.parse(key) as [string, number, string | null];
				return { kind, status, problem };
			},
		),
		countries: byMost(
			Map.groupBy(everywhere, ({ country }) => country ?? null),
			(country, of) => ({ country, refused: refusedIn(of) }),
		),
		minutes: [...Map.groupBy(told, ({ time }) => Math.floor(Date.parse(time) / MINUTE_MS) * 60)]
			.toSorted(([one], [other]) => one - other)
			.map(([at, of]) => ({ at, events: weightOf(of), refused: refusedIn(of) })),
	};
}

function refusedIn(rows: readonly Told[]): number {
	return weightOf(rows.filter(({ isRefused }) => isRefused));
}

function weightOf(rows: readonly Told[]): number {
	return rows.reduce((sum, { weight }) => sum + weight, 0);
}

function byMost<Key, T extends object>(
	groups: ReadonlyMap<Key, Told[]>,
	describe: (key: Key, of: Told[]) => T,
): (T & { events: number })[] {
	return [...groups]
		.map(([key, of]) => ({ ...describe(key, of), events: weightOf(of) }))
		.toSorted((one, two) => two.events - one.events);
}

function percentilesOf(rows: readonly Told[]): Pick<AskedCount, "p50" | "p90" | "p99"> {
	const sorted = rows.toSorted((one, two) => one.duration_ms - two.duration_ms);
	const all = weightOf(rows);
	const at = (part: number) => {
		let sum = 0;
		for (const { weight, duration_ms: ms } of sorted) {
			sum += weight;
			if (sum >= all * part) return ms;
		}
		return 0;
	};
	return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}
