// The service on this machine for a trial: the production bundle in workerd, with KV and, where it is installed, a real
// redis-server that can be killed and started again. Everything is gone after `stop`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasRedisServer } from "../../dev/redis/redis-server.ts";
import { makeSecrets } from "../stage/stage.ts";
import { type Bundle, buildBundle } from "../workerd/bundle.ts";
import { wrappedService } from "../workerd/service.ts";
import { startWorkers } from "../workerd/workers.ts";
import { startMortalRedis } from "./mortal-redis.ts";
import { CONTROL_PATH, type Order, TRIAL_SCRIPT } from "./trial-worker.ts";

const PROJECT = join(import.meta.dirname, "../..");

export interface TrialService {
	/** past the witness */
	readonly url: string;
	readonly bootstrapKey: string;
	/** as RECORD_STORE */
	readonly stores: string;
	order<T>(order: Order): Promise<T>;
	/** false: the process is killed and forgets what it held. true: a new one, empty */
	setRedis(isUp: boolean): Promise<void>;
	stop(): Promise<void>;
}

/**
 * @param issuer the origin at which devices find it
 * @param built the production bundle; undefined = it is built
 * @throws when workerd does not start; nothing is left running then
 */
export async function startTrialService(issuer: string, built?: Bundle): Promise<TrialService> {
	const folder = await mkdtemp(join(tmpdir(), "parapet-trial-"));
	const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
	const stop = async () => {
		for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
	};
	try {
		const redis = hasRedisServer() ? await startMortalRedis(folder) : null;
		if (redis !== null) stops.push(redis.stop);
		const stores = redis === null ? "kv" : "redis,kv";
		const secrets = makeSecrets();
		const bundle = built ?? (await buildBundle(PROJECT, folder));
		const variables = { ISSUER: issuer, RECORD_STORE: stores, ...redis?.variables };
		const workers = await startWorkers([
			{ name: "parapet", ...wrappedService(bundle, secrets, TRIAL_SCRIPT, variables) },
		]);
		stops.push(workers.stop);
		const url = `http://127.0.0.1:${workers.ports.get("parapet")}`;
		return {
			...{ url, stores, stop, bootstrapKey: secrets.BOOTSTRAP_KEY },
			async order<T>(order: Order) {
				const answer = await fetch(url + CONTROL_PATH, { method: "POST", body: JSON.stringify(order) });
				if (!answer.ok) throw new Error(`the trial's order failed: ${answer.status} ${await answer.text()}`);
				return (await answer.json()) as T;
			},
			setRedis: async (isUp) => redis?.set(isUp),
		};
	} catch (error) {
		await stop();
		throw error;
	}
}
