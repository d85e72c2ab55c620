// The load generator: a thread of its own with raw sockets and prebuilt requests. Not autocannon, which is as fast here but
// cannot send a request once only, keep the answers for setting up, or take 50,000 requests from shared memory. Every result
// says how busy the thread was, so that a limit of its own would show.
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { RequestSet } from "./requests.ts";

export interface LoadPlan {
	readonly port: number;
	readonly requests: RequestSet;
	/** statuses that are answers; any other ends the benchmark. Answers of all but the first are counted apart */
	readonly statuses: readonly [number, ...number[]];
	/** how long to send; what is under way then is still waited for */
	readonly seconds: number;
	/** the request to begin with, 0 by default; after the last comes the first */
	readonly from?: number;
	/** how many requests at most, even if time is left; by default as many as there is time for */
	readonly limit?: number;
	/** keep the answers: for setting up, not for measuring */
	readonly capture?: boolean;
	readonly connections?: number;
}

export interface LoadResult {
	readonly requests: number;
	readonly seconds: number;
	/** answers with another than the first of the expected statuses */
	readonly others: number;
	/** ms */
	readonly p50: number;
	/** ms */
	readonly p99: number;
	/** ms */
	readonly max: number;
	/** of bodies */
	readonly bytes: number;
	/** part of the time that the generator's thread was busy: near 1, it and not the server was the limit */
	readonly busy: number;
	/** with `capture`, head and body of each answer, by request */
	readonly answers: readonly string[];
}

export type LoadReply = ({ readonly ok: true } & LoadResult) | { readonly ok: false; readonly message: string };

export interface LoadGenerator {
	/** @throws Error at the first answer that is not expected, or when a connection breaks */
	run(plan: LoadPlan): Promise<LoadResult>;
	stop(): Promise<void>;
}

export async function startLoadGenerator(): Promise<LoadGenerator> {
	const thread = new Worker(join(import.meta.dirname, "load-thread.ts"));
	await once(thread, "online");
	return {
		async run(plan) {
			const replied = once(thread, "message");
			thread.postMessage(plan);
			const [reply] = (await replied) as [LoadReply];
			if (!reply.ok) throw new Error(reply.message);
			return reply;
		},
		async stop() {
			await thread.terminate();
		},
	};
}
