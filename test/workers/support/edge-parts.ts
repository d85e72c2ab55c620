// The parts under one isolate of the service, each with a mood that a test sets: record stores, objects, packages.
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { redisKey } from "../../../src/storage/keys.ts";

/**
 * fails: at once; mute: never an answer; slow: a right answer after two seconds; half-broken: every second call fails
 */
export type Mood = "well" | "fails" | "mute" | "slow" | "half-broken";

const SLOW_MS = 2_000;

/** What a part does with a call. @param fail the error that this kind of part fails with */
async function inMood<T>(mood: Mood, calls: number, fail: () => Error, work: () => Promise<T>): Promise<T> {
	if (mood === "fails" || (mood === "half-broken" && calls % 2 === 1)) throw fail();
	if (mood === "mute") await new Promise(() => {});
	if (mood === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
	return work();
}

/** How many calls are under way outside this isolate: until they are back, virtual time must stand still. */
export class Outside {
	calls = 0;

	async call<T>(work: () => Promise<T>): Promise<T> {
		this.calls += 1;
		try {
			return await work();
		} finally {
			this.calls -= 1;
		}
	}
}

/** A record store. It holds what the outboxes have written to KV, unless a test lets it tell something else. */
export class StorePart {
	mood: Mood = "well";
	/** keys that were asked for, in order */
	readonly reads: string[] = [];
	/** what is there in place of the text; a test's way to spoil records */
	tell: (key: string, text: string | null) => string | null = (_, text) => text;
	readonly #outside: Outside;

	constructor(outside: Outside) {
		this.#outside = outside;
	}

	async read(key: string): Promise<string | null> {
		this.reads.push(key);
		const fail = () => new Error("503 Service Unavailable");
		const read = () => this.#outside.call(() => env.RECORDS.get(key));
		return inMood(this.mood, this.reads.length, fail, async () => this.tell(key, await read()));
	}

	/** From now on it tells what it tells at this moment, whatever is written: a location or replica that lags. */
	async freeze(): Promise<void> {
		const { keys } = await env.RECORDS.list();
		const texts = new Map<string, string | null>();
		for (const { name } of keys) texts.set(name, this.tell(name, await env.RECORDS.get(name)));
		this.tell = (key) => texts.get(key) ?? null;
	}
}

/** KV as a binding. Edges only read. */
export function kvBinding(store: StorePart): KVNamespace {
	return { get: (key: string) => store.read(key) } as unknown as KVNamespace;
}

const redisByHost = new Map<string, StorePart>();

/** Redis behind its REST interface; ends with `vi.restoreAllMocks()`. @returns its URL */
export function serveRedis(store: StorePart): string {
	const host = `redis-${redisByHost.size + 1}.test`;
	redisByHost.set(host, store);
	vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
		const served = redisByHost.get(new URL(String(url)).host);
		if (served === undefined) throw new Error(`nothing is served at ${String(url)}`);
		const [command, key] = JSON.parse(String(init?.body)) as [string, string];
		if (command !== "get") throw new Error(`an edge only reads, but sent ${command}`);
		return Response.json({ result: await served.read(key.slice(redisKey("").length)) });
	});
	return `http://${host}`;
}

/** Objects of one class. They fail as the platform lets them: the call is rejected, with a mark. */
export class ObjectPart {
	mood: Mood = "well";
	/** without those below */
	calls = 0;
	/** batches of what devices say of their state, which no request waits for */
	heard = 0;

	/** @param namespace the real one */
	binding<T>(namespace: T & { getByName(name: string): unknown }, outside: Outside): T {
		const getByName = (name: string) =>
			new Proxy(namespace.getByName(name) as Record<string, (...args: unknown[]) => Promise<unknown>>, {
				get: (stub, method) => (typeof method === "string" ? this.#method(stub, method, outside) : undefined),
			});
		return { getByName } as unknown as T;
	}

	#method(stub: Record<string, (...args: unknown[]) => Promise<unknown>>, method: string, outside: Outside) {
		return (...args: unknown[]) => {
			if (method === "hearDevices") this.heard += 1;
			else this.calls += 1;
			const fail = () => Object.assign(new Error("Network connection lost."), { retryable: true });
			return inMood(this.mood, this.calls, fail, () => outside.call(async () => stub[method]?.(...args)));
		};
	}
}

/** R2, of which every call is rejected while it fails. */
export class PackagesPart {
	mood: Mood = "well";
	calls = 0;

	binding(bucket: R2Bucket): R2Bucket {
		const call =
			(method: "get" | "head" | "put" | "delete") =>
			(...args: unknown[]) => {
				this.calls += 1;
				const fail = () => new Error(`${method}: We encountered an internal error. Please try again. (10001)`);
				const work = bucket[method] as (...all: unknown[]) => Promise<unknown>;
				return inMood(this.mood, this.calls, fail, () => work.apply(bucket, args));
			};
		return { get: call("get"), head: call("head"), put: call("put"), delete: call("delete") } as unknown as R2Bucket;
	}
}
