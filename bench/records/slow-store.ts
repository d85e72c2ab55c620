// Checks while one of two stores takes two seconds for each read: the production bundle in isolates that have just
// started, with nothing in memory and breakers that know nothing yet. Both orders of the stores, either one slow, with
// production's lifetimes and with lifetimes of zero, where every check reads.

import type { LoadGenerator } from "../load/load-generator.ts";
import type { RequestSet } from "../load/requests.ts";
import { showProgress } from "../progress.ts";
import { send } from "../stage/operator.ts";
import type { Perishable } from "../stage/perishable.ts";
import type { Bundle } from "../workerd/bundle.ts";
import { wrappedWorker } from "../workerd/service.ts";

/** A Worker around the service, whose KV can be made slow: GET /bench/slow?ms=2000. It is text, for it runs in workerd. */
const SLOW_KV_SCRIPT = `
import worker from "./worker.js";
let delayMs = 0;
let slowed;
function slow(env) {
	const get = async (...args) => {
		if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
		return env.RECORDS.get(...args);
	};
	return (slowed ??= { ...env, RECORDS: { get, put: (...args) => env.RECORDS.put(...args) } });
}
export default {
	async fetch(request, env, context) {
		const { pathname, searchParams } = new URL(request.url);
		if (pathname !== "/bench/slow") return worker.fetch(request, slow(env), context);
		delayMs = Number(searchParams.get("ms"));
		return new Response("ok");
	},
};`;

/** Takes every request that the service sends outside, and hands it to Redis' local interface; as slow as told, likewise. */
const GATE_SCRIPT = `
let delayMs = 0;
export default {
	async fetch(request, env) {
		const { pathname, search, searchParams } = new URL(request.url);
		if (pathname === "/bench/slow") {
			delayMs = Number(searchParams.get("ms"));
			return new Response("ok");
		}
		if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
		return fetch(new Request(env.TARGET + pathname + search, request));
	},
};`;

/** The Worker through which the service reaches Redis, by name. */
export const GATE = "gate";
/** What production demands; the gate leads to the local interface. */
const REDIS_URL = "https://redis.example.com";

export const SLOW_MS = 2_000;
const FIRST = 20;
/** Few: what is measured is waiting for stores, not for the processor. */
const CONNECTIONS = 4;

const LIFETIMES = {
	production: { HEADS_FRESH_SECONDS: "5", DEVICE_FRESH_SECONDS: "10" },
	zero: { HEADS_FRESH_SECONDS: "0", DEVICE_FRESH_SECONDS: "0" },
} as const;
type Lifetimes = keyof typeof LIFETIMES;

export interface SlowCase {
	/** RECORD_STORE */
	readonly stores: "redis,kv" | "kv,redis";
	readonly slow: "redis" | "kv" | "neither";
	readonly lifetimes: Lifetimes;
}

export interface SlowStoreLatency extends SlowCase {
	readonly requests: number;
	/** ms, of the first 20, one after the other, in an isolate that has just started */
	readonly firstP50: number;
	readonly firstMax: number;
	/** ms, of those after them */
	readonly p50: number;
	readonly p99: number;
	readonly max: number;
}

const SLOW_CASES: readonly SlowCase[] = (["production", "zero"] as const).flatMap((lifetimes) => [
	{ stores: "redis,kv", slow: "neither", lifetimes },
	{ stores: "redis,kv", slow: "redis", lifetimes },
	{ stores: "redis,kv", slow: "kv", lifetimes },
	{ stores: "kv,redis", slow: "redis", lifetimes },
	{ stores: "kv,redis", slow: "kv", lifetimes },
]);

/** Variables of a Worker that reaches Redis through the gate. */
export function redisVars(redis: { readonly token: string }) {
	return { REDIS_URL, REDIS_TOKEN: redis.token };
}

/**
 * The gate, and for each case a Worker of its own, so that none inherits another's memory.
 * @param redis its local interface
 */
export function slowStoreWorkers(
	bundle: Bundle,
	secrets: Readonly<Record<string, string>>,
	redis: { readonly url: string; readonly token: string },
) {
	const { compatibilityDate } = bundle;
	const gate = { name: GATE, compatibilityDate, modules: true as const, script: GATE_SCRIPT };
	const cases = SLOW_CASES.map((one) => {
		const vars = { ...redisVars(redis), ...LIFETIMES[one.lifetimes], RECORD_STORE: one.stores };
		return {
			name: nameOf(one),
			...wrappedWorker(bundle, secrets, SLOW_KV_SCRIPT, vars),
			outboundService: GATE,
		};
	});
	return [{ ...gate, bindings: { TARGET: redis.url } }, ...cases];
}

function nameOf({ stores, slow, lifetimes }: SlowCase): string {
	return `${stores.replace(",", "-")}-${slow}-slow-${lifetimes}`;
}

export interface SlowStorePlan {
	readonly load: LoadGenerator;
	readonly ports: ReadonlyMap<string, number>;
	/** checks, each answered with 200 */
	readonly checks: Perishable<RequestSet>;
	/** of each case after its first requests; with production's lifetimes longer than those are */
	readonly seconds: number;
}

/** @throws Error at the first answer that is not 200 */
export async function measureSlowStores(plan: SlowStorePlan): Promise<readonly SlowStoreLatency[]> {
	const measured: SlowStoreLatency[] = [];
	for (const one of SLOW_CASES) {
		showProgress(`checks with ${one.slow} slow, RECORD_STORE=${one.stores}, lifetimes: ${one.lifetimes}`);
		measured.push(await measureCase(one, plan));
	}
	return measured;
}

async function measureCase(one: SlowCase, { load, ports, checks, seconds }: SlowStorePlan) {
	const portOf = (name: string) => ports.get(name) ?? 0;
	const port = portOf(nameOf(one));
	const { value: requests } = await checks.get();
	await slowDown(port, one.slow === "kv" ? SLOW_MS : 0);
	await slowDown(portOf(GATE), one.slow === "redis" ? SLOW_MS : 0);
	const plan = { port, requests, statuses: [200] } as const;
	const begun = await load.run({ ...plan, connections: 1, seconds: 60, limit: FIRST });
	const after = await load.run({ ...plan, connections: CONNECTIONS, seconds });
	const { p50, p99, max } = after;
	return { ...one, requests: after.requests, firstP50: begun.p50, firstMax: begun.max, p50, p99, max };
}

/** Never reaches the service: the isolate's first check is still to come. */
async function slowDown(port: number, ms: number): Promise<void> {
	const { status } = await send({ port, method: "GET", path: `/bench/slow?ms=${ms}` });
	if (status !== 200) throw new Error(`a store could not be made slow: ${status}`);
}
