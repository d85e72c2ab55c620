// Store reads per request: counted, not timed, for the stores are emulated here.
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadGenerator } from "../load/load-generator.ts";
import type { RequestSet } from "../load/requests.ts";
import { send } from "./operator.ts";
import type { Stage } from "./stage.ts";
import { makeTokenRequests } from "./token-requests.ts";

export interface StoreReads {
	readonly check: number;
	readonly permit: number;
	readonly token: number;
}

/** DEVICE_FRESH_SECONDS of production, and a little. */
const DEVICE_FRESH_MS = 10_500;

/**
 * Reads of the replicated store per request, over one request of every device with nothing of the devices in memory yet:
 * the most that a permit or token can cost.
 * @param port of the probe
 */
export async function countStoreReads(
	port: number,
	load: LoadGenerator,
	{ devices, requests, places }: Pick<Stage, "devices" | "requests" | "places">,
): Promise<StoreReads> {
	const read = async (): Promise<number> => {
		const answer: unknown = JSON.parse((await send({ port, method: "GET", path: "/bench/reads" })).body);
		return typeof answer === "object" && answer !== null && "reads" in answer ? Number(answer.reads) : Number.NaN;
	};
	const countOf = async (status: number, { value }: { readonly value: RequestSet }): Promise<number> => {
		await read();
		const limit = value.ends.length;
		const result = await load.run({ port, requests: value, statuses: [status], seconds: 60, limit });
		return (await read()) / result.requests;
	};
	// A permit leaves its device's record in memory for seconds, where the token would find it: so the token goes first.
	const token = await countOf(200, await makeTokenRequests(devices, devices.length, places.now()));
	await sleep(DEVICE_FRESH_MS);
	const permit = await countOf(201, await requests.permits.get());
	return { token, permit, check: await countOf(200, await requests.offers.get()) };
}
