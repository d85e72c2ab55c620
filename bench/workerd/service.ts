// Starts one workerd with everything that is compared in it: Parapet's production bundle, bare Workers, and a probe that
// counts store reads. Storage is Miniflare's local emulation, in a temporary folder.
import type { JWK } from "jose";
import { BARE_SCRIPT, STREAM_SCRIPT, VERIFY_SCRIPT } from "./bare-workers.ts";
import type { Bundle } from "./bundle.ts";
import { PROBE_SCRIPT, SERVICE_SCRIPT } from "./probe-worker.ts";
import { startWorkers } from "./workers.ts";

export type Target = "parapet" | "bare" | "verify" | "stream" | "probe";

export interface Service {
	readonly ports: Readonly<Record<Target, number>>;
	/** of workerd; empty where the system does not tell */
	readonly pids: readonly number[];
	/** as of `Workers` */
	readonly inspector: URL | null;
	stop(): Promise<void>;
}

/** Unlimited for what a benchmark sends. */
function noLimit(namespace: string) {
	return { namespace_id: namespace, simple: { limit: 1_000_000_000, period: 60 as const } };
}
/** Production allows 100 MiB; the memory test moves 200 MB. */
const MAX_PACKAGE_BYTES = String(256 * 1024 * 1024);

const OBJECTS = {
	ACCOUNT: "Account",
	PRODUCT: "Product",
	DIRECTORY: "Directory",
	REPLAY_GUARD: "ReplayGuard",
	CENSUS: "Census",
	SERIAL_INDEX: "SerialIndex",
	TRUST: "Trust",
} as const;

/**
 * @param secrets of the Worker, by name
 * @param verifyKey public ES256 key of the tokens that the Worker "verify" is sent
 * @param targets in one process, in this order
 * @param inspected as for `startWorkers`
 */
export async function startService(
	bundle: Bundle,
	{ secrets, verifyKey }: { readonly secrets: Readonly<Record<string, string>>; readonly verifyKey: JWK | null },
	targets: readonly Target[],
	inspected = false,
): Promise<Service> {
	const { compatibilityDate, compatibilityFlags } = bundle;
	const shared = { compatibilityDate, compatibilityFlags: [...compatibilityFlags], modules: true as const };
	const workers = {
		parapet: wrappedService(bundle, secrets, SERVICE_SCRIPT),
		bare: { ...shared, script: BARE_SCRIPT },
		verify: { ...shared, script: VERIFY_SCRIPT, bindings: { JWK: JSON.stringify(verifyKey) } },
		stream: { ...shared, script: STREAM_SCRIPT },
		probe: wrappedWorker(bundle, secrets, PROBE_SCRIPT),
	};
	const started = await startWorkers(
		targets.map((name) => ({ name, ...workers[name] })),
		inspected,
	);
	const { ports, ...process } = started;
	const portOf = (target: Target) => ports.get(target) ?? 0;
	return {
		ports: {
			parapet: portOf("parapet"),
			bare: portOf("bare"),
			verify: portOf("verify"),
			stream: portOf("stream"),
			probe: portOf("probe"),
		},
		...process,
	};
}

/** The service as it is deployed, with its objects. @param vars in place of those of production */
export function parapetWorker(
	bundle: Bundle,
	secrets: Readonly<Record<string, string>>,
	vars: Readonly<Record<string, string>> = {},
) {
	return {
		...sharedOf(bundle, secrets, vars),
		modules: true as const,
		script: bundle.script,
		durableObjects: objectsOf(undefined),
	};
}

/** A Worker that imports the service as "./worker.js" and calls it; stores and objects are those of the Worker "parapet". */
export function wrappedWorker(
	bundle: Bundle,
	secrets: Readonly<Record<string, string>>,
	wrapper: string,
	vars: Readonly<Record<string, string>> = {},
) {
	return { ...wrappedService(bundle, secrets, wrapper, vars), durableObjects: objectsOf("parapet") };
}

/** The service itself with a Worker around it, which imports it as "./worker.js" and exports the classes of its objects. */
export function wrappedService(
	bundle: Bundle,
	secrets: Readonly<Record<string, string>>,
	wrapper: string,
	vars: Readonly<Record<string, string>> = {},
) {
	return {
		...sharedOf(bundle, secrets, vars),
		modules: [
			{ type: "ESModule" as const, path: "probe.js", contents: wrapper },
			{ type: "ESModule" as const, path: "worker.js", contents: bundle.script },
		],
		durableObjects: objectsOf(undefined),
	};
}

function sharedOf(
	{ compatibilityDate, compatibilityFlags, vars: production }: Bundle,
	secrets: Readonly<Record<string, string>>,
	vars: Readonly<Record<string, string>>,
) {
	return {
		compatibilityDate,
		compatibilityFlags: [...compatibilityFlags],
		// A load generator speaks plain http here, which a deployed service refuses; nothing else on the paths measured differs.
		bindings: { ...production, ENVIRONMENT: "local", ...secrets, MAX_PACKAGE_BYTES, ...vars },
		kvNamespaces: { RECORDS: "records" },
		r2Buckets: { PACKAGES: "packages", PULSES: "pulses", HISTORY: "history" },
		ratelimits: {
			...{ RATE_REGISTER: noLimit("1"), RATE_TOKEN: noLimit("2"), RATE_PUBLISH: noLimit("3") },
			...{ RATE_CODE: noLimit("4"), RATE_ACCOUNT: noLimit("5") },
		},
		analyticsEngineDatasets: { ANALYTICS: { dataset: "requests" } },
	};
}

export function objectsOf(scriptName: string | undefined) {
	return Object.fromEntries(
		Object.entries(OBJECTS).map(([binding, className]) => [binding, { className, useSQLite: true, scriptName }]),
	);
}
