// Starts one workerd with several Workers. Each has a TCP port that leads straight to it, without Miniflare's entry Worker in
// between, which would cost more than any of them.
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4WorkerOptions } from "miniflare";
import { findChildren } from "../process-use.ts";

export interface Workers {
	/** by name of the Worker */
	readonly ports: ReadonlyMap<string, number>;
	/** of workerd; empty where the system does not tell */
	readonly pids: readonly number[];
	/** of the debugger, where it was asked for; it lists a target for each Worker */
	readonly inspector: URL | null;
	stop(): Promise<void>;
}

/**
 * Starts one workerd with these Workers, each with a port of its own on 127.0.0.1.
 * @param inspected whether a debugger can connect
 */
export async function startWorkers(
	workers: readonly (V4WorkerOptions & { name: string })[],
	inspected = false,
): Promise<Workers> {
	const direct = { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] };
	const earlier = await findChildren("workerd");
	const miniflare = new Miniflare(
		convertV4MiniflareOptions({
			log: new Log(LogLevel.ERROR),
			// The sampled log lines are Parapet's own and are written as in production; nobody reads them here.
			handleStructuredLogs: () => {},
			cf: false,
			...(inspected && { inspectorPort: 0 }),
			workers: workers.map((worker) => ({ ...direct, ...worker })),
		}),
	);
	const ports = new Map<string, number>();
	try {
		for (const { name } of workers) ports.set(name, Number((await miniflare.unsafeGetDirectURL(name)).port));
	} catch (error) {
		await miniflare.dispose();
		throw error;
	}
	const pids = (await findChildren("workerd")).filter((found) => !earlier.includes(found));
	const inspector = inspected ? await miniflare.getInspectorURL() : null;
	return { ports, pids, inspector, stop: () => miniflare.dispose() };
}
