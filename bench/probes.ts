// What is measured beside the rounds: store reads per request, time to the first answer, and the same checks by a fleet of
// growing size.
import type { Bundle } from "./bundle.ts";
import type { LoadGenerator } from "./load.ts";
import { median } from "./measure.ts";
import { send } from "./operator.ts";
import { showProgress } from "./progress.ts";
import type { RequestSet } from "./requests.ts";
import type { Scenario } from "./scenarios.ts";
import { type Service, startService, type Target } from "./service.ts";

export interface StoreReads {
	readonly check: number;
	readonly permit: number;
	readonly token: number;
}

/**
 * Reads of the replicated store per request, over one request of every device with nothing of the devices in memory yet:
 * the most that a permit or token can cost.
 */
export async function countStoreReads(
	{ ports: { probe: port } }: { readonly ports: { readonly probe: number } },
	load: LoadGenerator,
	scenarios: readonly Scenario[],
): Promise<StoreReads> {
	const read = async (): Promise<number> => {
		const answer: unknown = JSON.parse((await send({ port, method: "GET", path: "/bench/reads" })).body);
		return typeof answer === "object" && answer !== null && "reads" in answer ? Number(answer.reads) : Number.NaN;
	};
	const countOf = async (name: Scenario["name"]): Promise<number> => {
		const scenario = scenarios.find((one) => one.name === name);
		if (scenario === undefined) throw new RangeError(`no scenario ${name}`);
		const requests = await scenario.requests(0);
		await read();
		const result = await load.run({ port, requests, statuses: scenario.statuses, seconds: 60, once: true });
		return (await read()) / result.requests;
	};
	// A permit leaves its device's record in memory for seconds, where the token would find it: so the token goes first.
	const token = await countOf("token");
	await new Promise((resolve) => setTimeout(resolve, DEVICE_FRESH_MS));
	const permit = await countOf("permit");
	return { token, permit, check: await countOf("check_offers") };
}

/** DEVICE_FRESH_SECONDS of production, and a little. */
const DEVICE_FRESH_MS = 10_500;

export interface StartUp {
	/** ms from starting Miniflare to the first answer, medians */
	readonly parapet: number;
	readonly bare: number;
}

export async function measureStartUp(
	bundle: Bundle,
	secrets: Readonly<Record<string, string>>,
	runs: number,
): Promise<StartUp> {
	const timed = async (target: Target, path: string): Promise<number> => {
		const startedAt = performance.now();
		const service = await startService(bundle, secrets, [target]);
		try {
			const { status } = await send({ port: service.ports[target], method: "GET", path });
			if (status !== 200) throw new Error(`${target} answered ${status} to its first request`);
			return performance.now() - startedAt;
		} finally {
			await service.stop();
		}
	};
	const parapet: number[] = [];
	const bare: number[] = [];
	for (let run = 1; run <= runs; run++) {
		showProgress(`start-up ${run} of ${runs}`);
		bare.push(await timed("bare", "/"));
		parapet.push(await timed("parapet", "/.well-known/jwks.json"));
	}
	return { parapet: median(parapet), bare: median(bare) };
}

export interface FleetGrowth {
	readonly small: number;
	readonly large: number;
	/** throughput of the large fleet ÷ that of the small one, median of the rounds */
	readonly ratio: number;
}

/** @param fleets checks of a small and of a large fleet, a request per device */
export async function measureGrowth(
	service: Service,
	load: LoadGenerator,
	fleets: { readonly small: RequestSet; readonly large: RequestSet },
	{ rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<FleetGrowth> {
	const ratios: number[] = [];
	const rateOf = async (requests: RequestSet): Promise<number> => {
		const result = await load.run({ port: service.ports.parapet, requests, statuses: [304, 200], seconds });
		return result.requests / result.seconds;
	};
	for (let round = 1; round <= rounds; round++) {
		showProgress(`fleet growth, round ${round} of ${rounds}`);
		const small = await rateOf(fleets.small);
		const large = await rateOf(fleets.large);
		// The other order too: the second of two runs must not gain by being second.
		const smallAgain = await rateOf(fleets.small);
		ratios.push(large / ((small + smallAgain) / 2));
	}
	return { small: fleets.small.ends.length, large: fleets.large.ends.length, ratio: median(ratios) };
}
