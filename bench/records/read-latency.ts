// How long a request takes that reads one record, in workerd: out of memory, from a store, or from the object that owns it.
// One connection, one request at a time, each about another device; beside it a request that reads nothing, for the HTTP
// around them is in every figure.
import type { LoadGenerator } from "../load/load-generator.ts";
import { buildRequests } from "../load/requests.ts";
import { showProgress } from "../progress.ts";

export type ReadSource = "none" | "memory" | "kv" | "redis" | "object";

export interface ReadLatency {
	readonly source: ReadSource;
	readonly reads: number;
	/** ms, from the request's first byte out to the answer's last byte in */
	readonly p50: number;
	readonly p99: number;
}

const SOURCES: readonly ReadSource[] = ["none", "memory", "kv", "redis", "object"];
/** Before the clock starts: the code is compiled by then, and connections are open. */
const WARM_UP_SECONDS = 2;

/**
 * @param port of the read Worker
 * @param ids of devices that both stores have
 * @throws Error when a record is not found
 */
export async function measureReadLatency(
	load: LoadGenerator,
	port: number,
	ids: readonly string[],
): Promise<readonly ReadLatency[]> {
	const measured: ReadLatency[] = [];
	for (const source of SOURCES) {
		showProgress(`reading records, source: ${source}`);
		const requests = buildRequests(ids.map((id) => ({ method: "GET", target: `/?read=${source}&id=${id}` })));
		const plan = { port, requests, statuses: [200], connections: 1, limit: ids.length } as const;
		await load.run({ ...plan, seconds: source === "memory" ? Number.POSITIVE_INFINITY : WARM_UP_SECONDS });
		const { requests: reads, p50, p99 } = await load.run({ ...plan, seconds: 600 });
		measured.push({ source, reads, p50, p99 });
	}
	return measured;
}
