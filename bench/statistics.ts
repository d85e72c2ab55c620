// How the figures of many rounds become one, and how two are compared. Pure.

/** One turn of one scenario. */
export interface Turn {
	readonly requestsPerSecond: number;
	/** ms */
	readonly p50: number;
	/** ms */
	readonly p99: number;
	/** processor time that the serving processes spent on one request, in µs; null where the system does not tell */
	readonly cpuMicroseconds: number | null;
	/** part of the answers that had another of the expected statuses */
	readonly others: number;
	/** part of the time that the load generator was busy; near 1 it was the limit */
	readonly generatorBusy: number;
}

/** What remains of a scenario's turns. */
export interface Summary {
	/** requests per second in each round */
	readonly rates: readonly number[];
	/** the median of all rounds, as are the figures below unless said otherwise */
	readonly requestsPerSecond: number;
	/** of the best round: whatever else the machine does only takes from it */
	readonly bestRequestsPerSecond: number;
	readonly p50: number;
	readonly p99: number;
	readonly cpuMicroseconds: number | null;
	/** highest of all rounds, as is the generator's */
	readonly others: number;
	readonly generatorBusy: number;
}

/** A throughput as part of another one, seen in three ways. On a quiet machine they agree. */
export interface Ratios {
	/** of the medians of all rounds: the usual figure */
	readonly median: number;
	/** of the best rounds: what both can do when nobody disturbs them */
	readonly best: number;
	/** of the processor times per request, turned round; null where the system does not tell them */
	readonly cpu: number | null;
}

const WAYS = ["median", "best", "cpu"] as const;
export type Way = (typeof WAYS)[number];

/** The middle value; of an even number of values the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted.length / 2;
	const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
	return (low + high) / 2;
}

/** @returns null when there are no turns */
export function summarise(turns: readonly Turn[]): Summary | null {
	if (turns.length === 0) return null;
	const cpu = turns.map(({ cpuMicroseconds }) => cpuMicroseconds).filter((value) => value !== null);
	const rates = turns.map(({ requestsPerSecond }) => requestsPerSecond);
	return {
		rates,
		requestsPerSecond: median(rates),
		bestRequestsPerSecond: Math.max(...rates),
		p50: median(turns.map(({ p50 }) => p50)),
		p99: median(turns.map(({ p99 }) => p99)),
		cpuMicroseconds: cpu.length === 0 ? null : median(cpu),
		others: Math.max(...turns.map(({ others }) => others)),
		generatorBusy: Math.max(...turns.map(({ generatorBusy }) => generatorBusy)),
	};
}

/** @returns the throughput of `measured` as a part of that of `base` */
export function compare(measured: Summary, base: Summary): Ratios {
	const [own, other] = [measured.cpuMicroseconds, base.cpuMicroseconds];
	return {
		median: measured.requestsPerSecond / base.requestsPerSecond,
		best: measured.bestRequestsPerSecond / base.bestRequestsPerSecond,
		cpu: own === null || other === null ? null : other / own,
	};
}

/** @returns in which ways a goal is reached, and in which it is not */
export function reach(
	ratios: Ratios,
	goal: number,
): { readonly reached: readonly Way[]; readonly short: readonly Way[] } {
	const known = WAYS.filter((way) => ratios[way] !== null);
	const isReached = (way: Way) => (ratios[way] ?? 0) >= goal;
	return { reached: known.filter(isReached), short: known.filter((way) => !isReached(way)) };
}
