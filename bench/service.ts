// Starts one workerd with everything that is compared in it: Parapet's production bundle, bare Workers, and a probe that
// counts store reads. Each has a TCP port that leads straight to it, without Miniflare's entry Worker in between, which
// would cost more than any of them. Storage is Miniflare's local emulation, in a temporary folder.
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4WorkerOptions } from "miniflare";
import type { Bundle } from "./bundle.ts";
import { PROBE_SCRIPT } from "./probe-worker.ts";
import { findWorkerds } from "./workerd-process.ts";

export type Target = "parapet" | "bare" | "verify" | "stream" | "probe";

export interface Service {
	readonly ports: Readonly<Record<Target, number>>;
	/** of workerd; null where the system does not tell */
	readonly pid: number | null;
	stop(): Promise<void>;
}

/** Unlimited for what a benchmark sends. */
function noLimit(namespace: string) {
	return { namespace_id: namespace, simple: { limit: 1_000_000_000, period: 60 as const } };
}
/** Production allows 100 MiB; the memory test moves 200 MB. */
const MAX_PACKAGE_BYTES = String(256 * 1024 * 1024);

const BARE_SCRIPT = `export default { fetch() { return new Response("ok"); } };`;
/** Verifies the signature of the token that it is sent and does nothing else: no check can be faster than this. */
const VERIFY_SCRIPT = `
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
let key;
export default {
	async fetch(request, env) {
		key ??= await crypto.subtle.importKey("jwk", JSON.parse(env.JWK), algorithm, false, ["verify"]);
		const token = request.headers.get("authorization").slice("Bearer ".length);
		const end = token.lastIndexOf(".");
		const signature = Uint8Array.fromBase64(token.slice(end + 1), { alphabet: "base64url" });
		const good = await crypto.subtle.verify(algorithm, key, signature, new TextEncoder().encode(token.slice(0, end)));
		return new Response("ok", { status: good ? 200 : 401 });
	},
};`;

/** The same bytes with no check at all: out of the same cache under the key in the query, or out of memory. */
const STREAM_SCRIPT = `
const bytes = new Uint8Array(1_000_000);
export default {
	async fetch(request) {
		const key = new URL(request.url).searchParams.get("key");
		if (key === null) return new Response(new Blob([bytes]).stream().pipeThrough(new FixedLengthStream(bytes.length)));
		const hit = await caches.default.match(key);
		if (hit === undefined) return new Response("not cached", { status: 404 });
		return new Response(hit.body, { headers: { "content-length": hit.headers.get("content-length") } });
	},
};`;

const OBJECTS = {
	ACCOUNT: "Account",
	PRODUCT: "Product",
	DIRECTORY: "Directory",
	REPLAY_GUARD: "ReplayGuard",
} as const;

/** @param targets in one process, in this order @param secrets of the Worker, by name */
export async function startService(
	bundle: Bundle,
	secrets: Readonly<Record<string, string>>,
	targets: readonly Target[],
): Promise<Service> {
	const { compatibilityDate, compatibilityFlags } = bundle;
	const shared = { compatibilityDate, compatibilityFlags: [...compatibilityFlags], modules: true as const };
	const workers = {
		parapet: parapetWorker(bundle, secrets),
		bare: { ...shared, script: BARE_SCRIPT },
		verify: { ...shared, script: VERIFY_SCRIPT, bindings: { JWK: publicKeyOf(secrets) } },
		stream: { ...shared, script: STREAM_SCRIPT },
		probe: wrappedWorker(bundle, secrets, PROBE_SCRIPT),
	};
	const { ports, pid, stop } = await startWorkers(targets.map((name) => ({ name, ...workers[name] })));
	const portOf = (target: Target) => ports.get(target) ?? 0;
	return {
		ports: {
			parapet: portOf("parapet"),
			bare: portOf("bare"),
			verify: portOf("verify"),
			stream: portOf("stream"),
			probe: portOf("probe"),
		},
		pid,
		stop,
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
	return {
		...sharedOf(bundle, secrets, vars),
		modules: [
			{ type: "ESModule" as const, path: "probe.js", contents: wrapper },
			{ type: "ESModule" as const, path: "worker.js", contents: bundle.script },
		],
		durableObjects: objectsOf("parapet"),
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
		bindings: { ...production, ...secrets, MAX_PACKAGE_BYTES, ...vars },
		kvNamespaces: { RECORDS: "records" },
		r2Buckets: { PACKAGES: "packages" },
		ratelimits: { RATE_REGISTER: noLimit("1"), RATE_TOKEN: noLimit("2"), RATE_PUBLISH: noLimit("3") },
		analyticsEngineDatasets: { ANALYTICS: { dataset: "requests" } },
	};
}

export interface Workers {
	/** by name of the Worker */
	readonly ports: ReadonlyMap<string, number>;
	/** of workerd; null where the system does not tell */
	readonly pid: number | null;
	stop(): Promise<void>;
}

/** Starts one workerd with these Workers, each with a port of its own on 127.0.0.1. */
export async function startWorkers(workers: readonly (V4WorkerOptions & { name: string })[]): Promise<Workers> {
	const direct = { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] };
	const earlier = await findWorkerds();
	const miniflare = new Miniflare(
		convertV4MiniflareOptions({
			log: new Log(LogLevel.ERROR),
			// The sampled log lines are Parapet's own and are written as in production; nobody reads them here.
			handleStructuredLogs: () => {},
			cf: false,
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
	const pid = (await findWorkerds()).find((found) => !earlier.includes(found)) ?? null;
	return { ports, pid, stop: () => miniflare.dispose() };
}

/** The public half of the key that signs tokens, as JSON. */
function publicKeyOf(secrets: Readonly<Record<string, string>>): string {
	const [{ kty, crv, x, y }] = JSON.parse(secrets.TOKEN_KEYS ?? "").keys;
	return JSON.stringify({ kty, crv, x, y });
}

export function objectsOf(scriptName: string | undefined) {
	return Object.fromEntries(
		Object.entries(OBJECTS).map(([binding, className]) => [binding, { className, useSQLite: true, scriptName }]),
	);
}
