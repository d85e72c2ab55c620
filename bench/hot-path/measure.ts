// Runs the scenarios in alternating rounds, so that whatever else the machine does meets all of them alike, and boils each
// down to medians. Nothing here knows what a scenario is about.
import type { LoadGenerator } from "../load/load-generator.ts";
import { showProgress } from "../progress.ts";
import type { Scenario, ScenarioName } from "../stage/scenarios.ts";
import { median } from "../statistics.ts";
import type { Service } from "../workerd/service.ts";
import { readUse } from "../workerd/workerd-process.ts";

export interface Measured {
	readonly name: ScenarioName;
	/** medians of the rounds */
	readonly requestsPerSecond: number;
	/** requests per second in each round */
	readonly rounds: readonly number[];
	/** ms */
	readonly p50: number;
	/** ms */
	readonly p99: number;
	/** processor time that workerd spent on one request, in µs; null where the system does not tell */
	readonly cpuMicroseconds: number | null;
	/** part of the answers that had another of the expected statuses */
	readonly others: number;
	/** highest of all rounds; near 1 the generator was the limit */
	readonly generatorBusy: number;
}

interface Run {
	readonly requestsPerSecond: number;
	readonly p50: number;
	readonly p99: number;
	readonly cpuMicroseconds: number | null;
	readonly others: number;
	readonly busy: number;
}

export interface Rounds {
	readonly rounds: number;
	/** of each scenario in each round */
	readonly seconds: number;
}

/** Answers of another expected status (a check answered in full) may make up this much. */
const MAX_OTHERS = 0.02;
const WARM_UP_SECONDS = 10;

/** @throws Error at the first answer that is not expected */
export async function measure(
	service: Service,
	load: LoadGenerator,
	scenarios: readonly Scenario[],
	{ rounds, seconds }: Rounds,
): Promise<readonly Measured[]> {
	const runs = new Map<ScenarioName, Run[]>(scenarios.map(({ name }) => [name, []]));
	for (let round = 1; round <= rounds; round++) {
		for (const scenario of scenarios) {
			showProgress(`round ${round} of ${rounds}: ${scenario.name}`);
			runs.get(scenario.name)?.push(await runScenario(service, load, scenario, seconds));
		}
	}
	return [...runs].map(([name, found]) => summarise(name, found));
}

async function runScenario(service: Service, load: LoadGenerator, scenario: Scenario, seconds: number): Promise<Run> {
	const plan = {
		port: service.ports[scenario.target],
		statuses: scenario.statuses,
		...(scenario.connections !== undefined && { connections: scenario.connections }),
	};
	const warmUp = await scenario.requests(0);
	const requests = scenario.once ? await scenario.requests(seconds) : warmUp;
	// Right before the clock starts, for a record stays in memory for seconds only.
	await load.run({ ...plan, requests: warmUp, seconds: WARM_UP_SECONDS, once: true });
	const before = await readUse(service.pid);
	const result = await load.run({ ...plan, requests, seconds, once: scenario.once });
	const after = await readUse(service.pid);
	const others = result.others / result.requests;
	if (others > MAX_OTHERS) {
		const share = `${(others * 100).toFixed(1)} %`;
		throw new Error(`${scenario.name}: ${share} of the answers were not ${scenario.statuses[0]}`);
	}
	return {
		requestsPerSecond: result.requests / result.seconds,
		p50: result.p50,
		p99: result.p99,
		cpuMicroseconds:
			before === null || after === null ? null : ((after.cpuSeconds - before.cpuSeconds) / result.requests) * 1e6,
		others,
		busy: result.busy,
	};
}

function summarise(name: ScenarioName, runs: readonly Run[]): Measured {
	const cpu = runs.map(({ cpuMicroseconds }) => cpuMicroseconds).filter((value) => value !== null);
	return {
		name,
		requestsPerSecond: median(runs.map(({ requestsPerSecond }) => requestsPerSecond)),
		rounds: runs.map(({ requestsPerSecond }) => requestsPerSecond),
		p50: median(runs.map(({ p50 }) => p50)),
		p99: median(runs.map(({ p99 }) => p99)),
		cpuMicroseconds: cpu.length === 0 ? null : median(cpu),
		others: median(runs.map(({ others }) => others)),
		generatorBusy: Math.max(...runs.map(({ busy }) => busy)),
	};
}
