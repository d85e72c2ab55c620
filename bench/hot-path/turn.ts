// One turn of one scenario: its requests are made if they are near their end, sent once before the clock starts, and then
// sent for as long as a turn is. Nothing here knows what a scenario is about.
import type { LoadGenerator, LoadPlan, LoadResult } from "../load/load-generator.ts";
import type { RequestSet } from "../load/requests.ts";
import { readCpuSeconds } from "../process-use.ts";
import type { Turn } from "../statistics.ts";
import type { RowName } from "./rows.ts";

/** What a turn needs, made for it or for many. */
export interface Prepared {
	readonly requests: RequestSet;
	/** each is good once: they end when they have been sent, even if time is left */
	readonly isForOneUse: boolean;
	/** sent before the clock starts, so that what a request finds in memory or cache is there; null = the requests themselves */
	readonly warmUp: Pick<LoadPlan, "port" | "requests" | "statuses"> | null;
	/** unix seconds */
	readonly endsAt: number;
}

export interface Scenario {
	readonly name: RowName;
	readonly port: number;
	/** the serving processes; none where the system does not tell */
	readonly pids: readonly number[];
	readonly statuses: readonly [number, ...number[]];
	readonly connections?: number;
	/** how many requests warm up */
	readonly warmUpRequests: number;
	/** @param count how many a turn takes, for requests that are good once */
	prepare(count: number): Promise<Prepared>;
}

/** What a scenario's next turn goes on from. */
export interface Pace {
	/** how many requests of the set have been sent */
	sent: number;
	requestsPerSecond: number;
}

/** Before anything was measured. A guess that is too low ends the first turn early, one that is too high costs time. */
export function startPace(): Pace {
	return { sent: 0, requestsPerSecond: 3000 };
}

const MAX_WARM_UP_SECONDS = 10;
/** Answers of another expected status (a check answered in full) may make up this much. */
const MAX_OTHERS = 0.02;
/** A machine that slept or was very busy in the midst of a turn may repeat it. */
const MAX_ATTEMPTS = 3;
/** More requests are made than the last turn took, for the next one may be faster. */
const HEADROOM = 1.3;

export interface TurnOptions {
	readonly seconds: number;
	/** the clock, unix seconds */
	readonly now: () => number;
	/** Runs the measured part, without what warms up before it: to look at the service meanwhile. */
	readonly during?: (run: () => Promise<LoadResult>) => Promise<LoadResult>;
}

/**
 * @throws Error at the first answer that is not expected, unless the requests had come to their end
 */
export async function takeTurn(
	load: LoadGenerator,
	scenario: Scenario,
	pace: Pace,
	{ seconds, now, during = (run) => run() }: TurnOptions,
): Promise<Turn> {
	for (let attempt = 1; ; attempt++) {
		const prepared = await scenario.prepare(Math.ceil(pace.requestsPerSecond * HEADROOM * seconds));
		try {
			const turn = await send(load, scenario, prepared, pace, { seconds, during });
			pace.requestsPerSecond = turn.requestsPerSecond;
			return turn;
		} catch (cause) {
			if (now() < prepared.endsAt || attempt === MAX_ATTEMPTS) {
				throw new Error(`${scenario.name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
			}
		}
	}
}

async function send(
	load: LoadGenerator,
	scenario: Scenario,
	{ requests, warmUp, isForOneUse }: Prepared,
	pace: Pace,
	{ seconds, during }: Required<Pick<TurnOptions, "seconds" | "during">>,
): Promise<Turn> {
	const { port, statuses, pids, warmUpRequests, connections } = scenario;
	const plan = { port, statuses, requests, ...(connections !== undefined && { connections }) };
	const from = () => (isForOneUse ? {} : { from: pace.sent });
	const limit = isForOneUse ? { limit: requests.ends.length } : {};
	// Right before the clock starts, for a record stays in memory for seconds only.
	const first = warmUp === null ? { ...plan, ...from() } : { ...plan, ...warmUp };
	const warmed = await load.run({ ...first, seconds: MAX_WARM_UP_SECONDS, limit: warmUpRequests });
	if (warmUp === null) pace.sent += warmed.requests;
	const before = await readCpuSeconds(pids);
	const result = await during(() => load.run({ ...plan, ...from(), ...limit, seconds }));
	const after = await readCpuSeconds(pids);
	pace.sent += result.requests;
	return judgeTurn(result, before === null || after === null ? null : after - before, statuses[0]);
}

function judgeTurn(result: LoadResult, cpuSeconds: number | null, status: number): Turn {
	const { requests, seconds, p50, p99, busy } = result;
	const others = result.others / requests;
	if (others > MAX_OTHERS) throw new Error(`${(others * 100).toFixed(1)} % of the answers were not ${status}`);
	return {
		...{ requestsPerSecond: requests / seconds, p50, p99, others, generatorBusy: busy },
		cpuMicroseconds: cpuSeconds === null ? null : (cpuSeconds / requests) * 1e6,
	};
}
