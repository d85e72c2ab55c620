// The service on this machine for a soak: the production bundle in workerd on one port, with KV and, where it is installed, a real
// redis-server. It can be killed with everything in it, and be another version from then on; what it had stored stays.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { findFreePort } from "../../cli/worker/port.ts";
import { hasRedisServer } from "../../dev/redis/redis-server.ts";
import { findChildren, readResidentBytes } from "../process-use.ts";
import { makeSecrets } from "../stage/stage.ts";
import { type MortalRedis, startMortalRedis } from "../trial/mortal-redis.ts";
import { type Bundle, buildBundle } from "../workerd/bundle.ts";
import { wrappedService } from "../workerd/service.ts";
import { CONTROL_PATH, type Order, SOAK_SCRIPT } from "./soak-worker.ts";

const PROJECT = join(import.meta.dirname, "../..");
const PREVIOUS = join(PROJECT, "test/fixtures/previous-worker");
const TOKEN_TTL_SECONDS = "300";

export interface SoakService {
	readonly url: string;
	readonly port: number;
	readonly bootstrapKey: string;
	/** as RECORD_STORE */
	readonly stores: string;
	order<T>(order: Order): Promise<T>;
	setRedis(isUp: boolean): Promise<void>;
	/** Kills the runtime in the middle of whatever it does, and starts it again. */
	crash(): Promise<void>;
	/** The second version takes over: the same code under another id, unless the first was the one before. */
	deploy(): Promise<void>;
	/** bytes of the runtime; null where the system does not tell */
	resident(): Promise<number | null>;
	/** how often the runtime was started */
	readonly runs: () => number;
	stop(): Promise<void>;
}

export interface SoakServiceOptions {
	/** seconds */
	readonly checkInterval: number;
	/** whether it begins with the version before (`npm run previous`), and the deployment brings this one */
	readonly fromPrevious: boolean;
	/** the production bundle; undefined = it is built */
	readonly built?: Bundle | undefined;
}

/** @throws when workerd does not start; nothing is left running then */
export async function startSoakService({
	checkInterval,
	fromPrevious,
	built,
}: SoakServiceOptions): Promise<SoakService> {
	const folder = await mkdtemp(join(tmpdir(), "parapet-soak-"));
	const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5 })];
	const stop = async () => {
		for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
	};
	try {
		const redis: MortalRedis | null = hasRedisServer() ? await startMortalRedis(folder) : null;
		if (redis !== null) stops.push(redis.stop);
		const stores = redis === null ? "kv" : "redis,kv";
		const present = built ?? (await buildBundle(PROJECT, folder));
		const first = fromPrevious ? await readPrevious() : present;
		const secrets = makeSecrets();
		const port = await findFreePort();
		const url = `http://127.0.0.1:${port}`;
		const variables = {
			ISSUER: url,
			RECORD_STORE: stores,
			CHECK_INTERVAL_SECONDS: String(checkInterval),
			TOKEN_TTL_SECONDS,
		};
		const optionsOf = (
			bundle: Pick<Bundle, "script" | "compatibilityDate" | "compatibilityFlags" | "vars">,
			id: string,
		) => {
			const worker = wrappedService(bundle as Bundle, secrets, SOAK_SCRIPT, { ...variables, ...redis?.variables });
			return convertV4MiniflareOptions({
				log: new Log(LogLevel.NONE),
				handleStructuredLogs: () => {},
				cf: false,
				workers: [
					{
						...{ name: "parapet", ...worker, unsafeDirectSockets: [{ host: "127.0.0.1", port }] },
						bindings: { ...worker.bindings, CF_VERSION_METADATA: { id, tag: "", timestamp: "" } },
					},
				],
			});
		};
		let options = optionsOf(first, "first");
		let runs = 1;
		const before = await findChildren("workerd");
		const miniflare = new Miniflare(options);
		stops.push(() => miniflare.dispose());
		const pids = async () => (await findChildren("workerd")).filter((pid) => !before.includes(pid));
		const start = async () => {
			runs += 1;
			await miniflare.setOptions(options);
			await miniflare.ready;
		};
		await miniflare.ready;
		return {
			...{ url, port, stores, stop, bootstrapKey: secrets.BOOTSTRAP_KEY, runs: () => runs },
			async order<T>(order: Order) {
				const answer = await fetch(url + CONTROL_PATH, { method: "POST", body: JSON.stringify(order) });
				if (!answer.ok) throw new Error(`the soak's order failed: ${answer.status}`);
				return (await answer.json()) as T;
			},
			setRedis: async (isUp) => redis?.set(isUp),
			async crash() {
				for (const pid of await pids()) process.kill(pid, "SIGKILL");
				await start();
			},
			async deploy() {
				options = optionsOf(present, "second");
				await start();
			},
			resident: async () => readResidentBytes((await pids())[0]),
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

async function readPrevious() {
	const about = JSON.parse(await readFile(`${PREVIOUS}.json`, "utf8"));
	return { ...about, script: brotliDecompressSync(await readFile(`${PREVIOUS}.js.br`)).toString() };
}
