// The figures that need the running service: store reads per request, the latency of one read, and checks while a store is
// slow. One workerd with the production bundle and probes beside it, and a local Redis for all of them.
import { type LocalRedis, startLocalRedis } from "../../dev/redis/local-redis.ts";
import { connectRedis } from "../../dev/redis/resp.ts";
import { redisKey } from "../../src/storage/keys.ts";
import { type LoadGenerator, startLoadGenerator } from "../load/load-generator.ts";
import { showProgress } from "../progress.ts";
import { makeSecrets, type Secrets, setStage } from "../stage/stage.ts";
import { countStoreReads, type StoreReads } from "../stage/store-reads.ts";
import { buildBundle, buildProbe } from "../workerd/bundle.ts";
import { PROBE_SCRIPT, type SeedRecord } from "../workerd/probe-worker.ts";
import { objectsOf, parapetWorker, wrappedWorker } from "../workerd/service.ts";
import { startWorkers } from "../workerd/workers.ts";
import { measureReadLatency, type ReadLatency } from "./read-latency.ts";
import { GATE, measureSlowStores, redisVars, type SlowStoreLatency, slowStoreWorkers } from "./slow-store.ts";

export interface ServiceFigures {
	readonly storeReads: StoreReads;
	readonly readLatency: readonly ReadLatency[];
	readonly slowStores: readonly SlowStoreLatency[];
}

export interface ServicePlan {
	readonly devices: number;
	readonly slowSeconds: number;
}

/**
 * @param root of the project @param folder for what is built; the caller removes it
 * @throws when redis-server is not installed, or the service answers otherwise than expected
 */
export async function measureService(root: string, folder: string, plan: ServicePlan): Promise<ServiceFigures> {
	const secrets = makeSecrets();
	const redis = await startLocalRedis();
	try {
		const load = await startLoadGenerator();
		try {
			return await measureWith({ root, folder, secrets, redis, load }, plan);
		} finally {
			await load.stop();
		}
	} finally {
		await redis.stop();
	}
}

interface Surroundings {
	readonly root: string;
	readonly folder: string;
	readonly secrets: Secrets;
	readonly redis: LocalRedis;
	readonly load: LoadGenerator;
}

async function measureWith(around: Surroundings, plan: ServicePlan): Promise<ServiceFigures> {
	const { secrets, redis, load } = around;
	const service = await start(around);
	try {
		const portOf = (name: string) => service.ports.get(name) ?? 0;
		const ports = { parapet: portOf("parapet"), probe: portOf("probe") };
		const stage = await setStage(ports, load, secrets, plan.devices);
		const { records, requests } = stage;
		await copyToRedis(redis, records);
		showProgress("counting store reads");
		const storeReads = await countStoreReads(ports.probe, load, stage);
		const ids = records.map(({ key }) => key.slice("device:".length));
		const readLatency = await measureReadLatency(load, portOf("read"), ids);
		const slowPlan = { load, ports: service.ports, checks: requests.offers, seconds: plan.slowSeconds };
		const slowStores = await measureSlowStores(slowPlan);
		return { storeReads, readLatency, slowStores };
	} finally {
		await service.stop();
	}
}

async function start({ root, folder, secrets, redis }: Surroundings) {
	showProgress("building the production bundle");
	const bundle = await buildBundle(root, folder);
	const readScript = await buildProbe(root, `${import.meta.dirname}/read-worker.ts`, folder, bundle.compatibilityDate);
	const { compatibilityDate, compatibilityFlags } = bundle;
	return startWorkers([
		// Its objects write to both stores.
		{
			name: "parapet",
			...parapetWorker(bundle, secrets, { ...redisVars(redis.primary), RECORD_STORE: "redis,kv" }),
			outboundService: GATE,
		},
		{ name: "probe", ...wrappedWorker(bundle, secrets, PROBE_SCRIPT) },
		{
			name: "read",
			compatibilityDate,
			compatibilityFlags: [...compatibilityFlags],
			modules: true,
			script: readScript,
			// Straight to the interface: the gate in between is for the slow cases.
			bindings: { REDIS_URL: redis.primary.url, REDIS_TOKEN: redis.primary.token, MAC_KEYS: secrets.MAC_KEYS },
			kvNamespaces: { RECORDS: "records" },
			durableObjects: objectsOf("parapet"),
		},
		...slowStoreWorkers(bundle, secrets, redis.primary),
	]);
}

async function copyToRedis(redis: LocalRedis, records: readonly SeedRecord[]): Promise<void> {
	const connection = connectRedis(redis.primary.socketPath);
	try {
		await connection.send(records.map(({ key, text }) => ["SET", redisKey(key), text]));
	} finally {
		connection.close();
	}
}
