// The service in three regions, from the production bundle: the objects live at home, where they write KV and Redis' primary;
// east and west have copies of both that lag, and a way to the rest of the world that can be cut. Real time, real HTTP.
import { type LocalRedis, type Region as RedisRegion, startLocalRedis } from "../../../dev/redis/local-redis.ts";
import { redisKey } from "../../../src/storage/keys.ts";
import { parseRecord } from "../../../src/storage/record-store.ts";
import { parseRecordStoreNames, type RecordStoreName } from "../../../src/storage/record-store-names.ts";
import { TEST_SECRETS } from "../../support/secrets.ts";
import { type Lags, type Region, type RegionName, type RemoteRegion, remoteRegion } from "./regions-region.ts";
import { type Namespace, startKvReplicator } from "./regions-replicator.ts";
import { startRegionWorkers } from "./regions-workers.ts";

export interface Regions {
	readonly home: Region;
	readonly east: RemoteRegion;
	readonly west: RemoteRegion;
	readonly all: readonly Region[];
	readonly issuer: string;
	readonly stores: readonly RecordStoreName[];
	readonly lagsMs: Lags;
	stop(): Promise<void>;
}

/** The least that there is but for none; production has 5 and 10. */
export const HEADS_FRESH_SECONDS = 1;
const DEVICE_FRESH_SECONDS = 1;
const ISSUER = "https://updates.regions.test";
export const LAGS_MS: Lags = { kv: 500, redis: 50 };

/**
 * Starts the regions. The caller stops them.
 * @param recordStore as RECORD_STORE
 * @param lagsMs of the copies in east and west
 * @throws when redis-server is needed and not installed; nothing is left running then
 */
export async function startRegions(recordStore: string, lagsMs: Lags = LAGS_MS): Promise<Regions> {
	const stores = parseRecordStoreNames(recordStore);
	const stops: (() => Promise<void>)[] = [];
	const stop = async () => {
		for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
	};
	try {
		let redis: LocalRedis | null = null;
		if (stores.includes("redis")) {
			redis = await startLocalRedis({ replicas: 2, delayMs: lagsMs.redis });
			stops.push(redis.stop);
		}
		const [eastern, western] = redis?.replicas ?? [];
		const shared = {
			...TEST_SECRETS,
			ENVIRONMENT: "local",
			ISSUER,
			RECORD_STORE: recordStore,
			HEADS_FRESH_SECONDS: String(HEADS_FRESH_SECONDS),
			DEVICE_FRESH_SECONDS: String(DEVICE_FRESH_SECONDS),
		};
		const variablesWith = (region: { url: string; token: string } | undefined) => ({
			...shared,
			...(region === undefined ? {} : { REDIS_URL: region.url, REDIS_TOKEN: region.token }),
		});
		const workers = await startRegionWorkers({
			home: variablesWith(redis?.primary),
			east: variablesWith(eastern),
			west: variablesWith(western),
		});
		stops.push(workers.stop);
		const kv = { home: await workers.kv("home"), east: await workers.kv("east"), west: await workers.kv("west") };
		const replicator = startKvReplicator(kv.home, { east: kv.east, west: kv.west });
		stops.push(replicator.stop);

		const region = (name: RegionName, redisRegion: RedisRegion | undefined): Region => ({
			name,
			url: workers.urls[name],
			bootstrapKey: TEST_SECRETS.BOOTSTRAP_KEY,
			storedVersion: async (store, key) => {
				const text = store === "kv" ? await readKv(kv[name], key) : await readRedis(redisRegion, key);
				return text === null ? null : parseRecord(key, text).version;
			},
		});
		const home = region("home", redis?.primary);
		const east = remoteRegion(region("east", eastern), lagsMs, replicator, eastern?.setDelay);
		const west = remoteRegion(region("west", western), lagsMs, replicator, western?.setDelay);
		east.setLags(lagsMs);
		west.setLags(lagsMs);
		return { home, east, west, all: [home, east, west], issuer: ISSUER, stores, lagsMs, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

async function readKv(kv: Namespace, key: string): Promise<string | null> {
	return (await kv.get([key])).get(key) ?? null;
}

async function readRedis(region: RedisRegion | undefined, key: string): Promise<string | null> {
	if (region === undefined) return null;
	const headers = { authorization: `Bearer ${region.readOnlyToken}` };
	const answer = await fetch(`${region.url}/get/${encodeURIComponent(redisKey(key))}`, { headers });
	return ((await answer.json()) as { result: string | null }).result;
}
