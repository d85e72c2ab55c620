// What is measured beside the rounds: time to the first answer, and the same checks by a fleet of growing size.

import type { LoadGenerator } from "../load/load-generator.ts";
import type { RequestSet } from "../load/requests.ts";
import { showProgress } from "../progress.ts";
import { send } from "../stage/operator.ts";
import { median } from "../statistics.ts";
import type { Bundle } from "../workerd/bundle.ts";
import { type Service, startService, type Target } from "../workerd/service.ts";

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
