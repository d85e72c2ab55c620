// Parapet's production bundle as several Workers in one workerd, one for each region: each with KV of its own and a port of
// its own, all with the same Durable Objects, which live in the first. Storage is Miniflare's, gone when it is closed.
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { builtBundle } from "./built.ts";
import { GATE_SCRIPT } from "./regions-gate.ts";
import type { Namespace } from "./regions-replicator.ts";

const OBJECTS = {
	ACCOUNT: "Account",
	PRODUCT: "Product",
	DIRECTORY: "Directory",
	REPLAY_GUARD: "ReplayGuard",
	CENSUS: "Census",
	SERIAL_INDEX: "SerialIndex",
	RECORD_WRITER: "RecordWriter",
};

export interface RegionWorkers<Name extends string> {
	/** origins, without a slash at the end */
	readonly urls: Readonly<Record<Name, string>>;
	/** @returns the region's own KV, past its Worker */
	kv(name: Name): Promise<Namespace>;
	stop(): Promise<void>;
}

/**
 * @param variables of each region's Worker, in place of those of production; the objects are those of the first region
 * @throws Error when the bundle cannot be built or workerd does not start; nothing is left running then
 */
export async function startRegionWorkers<Name extends string>(
	variables: Readonly<Record<Name, Readonly<Record<string, string>>>>,
): Promise<RegionWorkers<Name>> {
	const bundle = await builtBundle();
	const names = Object.keys(variables) as Name[];
	const [home] = names;
	const durableObjects = (name: Name) =>
		Object.fromEntries(
			Object.entries(OBJECTS).map(([binding, className]) => [
				binding,
				{ className, useSQLite: true, scriptName: name === home ? undefined : home },
			]),
		);
	const miniflare = new Miniflare(
		convertV4MiniflareOptions({
			log: new Log(LogLevel.ERROR),
			handleStructuredLogs: () => {},
			cf: false,
			workers: names.map((name) => ({
				name,
				compatibilityDate: bundle.compatibilityDate,
				compatibilityFlags: [...bundle.compatibilityFlags],
				unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
				modules: [
					{ type: "ESModule" as const, path: "gate.js", contents: GATE_SCRIPT },
					{ type: "ESModule" as const, path: "worker.js", contents: bundle.script },
				],
				// A location has a cache of its own; here all share one, in which each version of the Worker has its own.
				bindings: { ...bundle.vars, ...variables[name], CF_VERSION_METADATA: { id: name, tag: "", timestamp: "" } },
				durableObjects: durableObjects(name),
				kvNamespaces: { RECORDS: `records-${name}` },
				r2Buckets: { PACKAGES: "packages", PULSES: "pulses", HISTORY: "history" },
				ratelimits: {
					...{ RATE_REGISTER: noLimit("1"), RATE_TOKEN: noLimit("2"), RATE_PUBLISH: noLimit("3") },
					...{ RATE_CODE: noLimit("4"), RATE_ACCOUNT: noLimit("5") },
				},
				analyticsEngineDatasets: { ANALYTICS: { dataset: "requests" } },
			})),
		}),
	);
	try {
		const urls = {} as Record<Name, string>;
		for (const name of names) urls[name] = (await miniflare.unsafeGetDirectURL(name)).origin;
		return {
			urls,
			// Miniflare's types know but one of the ways to call `get`.
			kv: async (name) => (await miniflare.getKVNamespace("RECORDS", name)) as unknown as Namespace,
			stop: () => miniflare.dispose(),
		};
	} catch (error) {
		await miniflare.dispose();
		throw error;
	}
}

/** Regions are measured and asked without pause, which no firewall does. */
function noLimit(namespace: string) {
	return { namespace_id: namespace, simple: { limit: 1_000_000_000, period: 60 as const } };
}
