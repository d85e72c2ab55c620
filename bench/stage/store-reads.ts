// Store reads per request: counted, not timed, for the stores are emulated here.
import type { LoadGenerator } from "../load/load-generator.ts";
import { send } from "./operator.ts";
import type { Scenario } from "./scenarios.ts";

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
