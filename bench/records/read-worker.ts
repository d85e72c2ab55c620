// A Worker that does one read of a record per request, with the service's own code and nothing in memory:
// GET /?read=none|memory|kv|redis|object&id=<device id>. It runs inside workerd, beside the service and on its stores.
import type { SharedView } from "../../src/content/heads-record.ts";
import { createRecordOrigin, type OriginBindings } from "../../src/objects/record-origin.ts";
import { createLazyRecordSeal } from "../../src/signing/sealed/record-seal.ts";
import { createRecordCache } from "../../src/storage/cache/record-cache.ts";
import { systemClock } from "../../src/storage/clock.ts";
import { createKvRecordStore } from "../../src/storage/kv-record-store.ts";
import type { ReadScope } from "../../src/storage/record-kind.ts";
import type { RecordReader } from "../../src/storage/record-store.ts";
import { createRecords, type Records } from "../../src/storage/records.ts";
import { createRedisRecordStore } from "../../src/storage/redis-record-store.ts";
import { createReplicatedRecordStore, readSettingsFor } from "../../src/storage/replicated/replicated-record-store.ts";

interface Env extends OriginBindings {
	readonly RECORDS: KVNamespace;
	readonly REDIS_URL: string;
	readonly REDIS_TOKEN: string;
	readonly MAC_KEYS: string;
}

const LIFETIMES = { headsFreshSeconds: 60, deviceFreshSeconds: 60, lastGoodSeconds: 86_400 };
const MAX_BYTES = 25_000_000;
const REDIS_TIMEOUT_MS = 1_000;
const PRODUCT = "crs";

interface Readers {
	readonly kv: RecordReader;
	readonly redis: RecordReader;
	readonly nobody: RecordReader;
	/** keeps what it has read */
	readonly memory: Records;
	view: SharedView | undefined;
}

let known: Readers | undefined;

function readersOf(env: Env): Readers {
	const over = (name: string, store: RecordReader): RecordReader =>
		createReplicatedRecordStore({
			stores: [{ name, store }],
			clock: systemClock,
			random: Math.random,
			settings: readSettingsFor(1),
		});
	const kv = over("kv", createKvRecordStore(env.RECORDS));
	const { REDIS_URL: url, REDIS_TOKEN: token } = env;
	const redis = over("redis", createRedisRecordStore({ url, token, timeoutMs: REDIS_TIMEOUT_MS }));
	return { kv, redis, nobody: { get: async () => null }, memory: emptyOver(kv, env), view: undefined };
}

/** Records of which none is in memory. */
function emptyOver(store: RecordReader, env: Env): Records {
	const cache = createRecordCache({
		store,
		seal: createLazyRecordSeal(env.MAC_KEYS),
		origin: createRecordOrigin(env),
		maxBytes: MAX_BYTES,
	});
	return createRecords(cache, LIFETIMES);
}

/** As a token reads it: at once with what all devices share. */
function deviceIn(records: Records, id: string, scope: ReadScope): Promise<unknown> {
	return records.device(id, records.current(scope), scope);
}

async function read(which: string | null, id: string, env: Env, scope: ReadScope): Promise<unknown> {
	known ??= readersOf(env);
	switch (which) {
		case "memory":
			return deviceIn(known.memory, id, scope);
		case "kv":
			return deviceIn(emptyOver(known.kv, env), id, scope);
		case "redis":
			return deviceIn(emptyOver(known.redis, env), id, scope);
		case "object":
			known.view ??= await known.memory.current(scope);
			return emptyOver(known.nobody, env).product(PRODUCT, known.view, scope);
		default:
			return "nothing to read";
	}
}

export default {
	async fetch(request, env, context): Promise<Response> {
		const { searchParams } = new URL(request.url);
		const waitUntil = (work: Promise<unknown>) => context.waitUntil(work);
		const scope: ReadScope = { nowMs: Date.now(), waitUntil, noteLastGood: () => {} };
		const record = await read(searchParams.get("read"), searchParams.get("id") ?? "", env, scope);
		return new Response("ok", { status: record === null ? 404 : 200 });
	},
} satisfies ExportedHandler<Env>;
