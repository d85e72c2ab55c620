// A global Redis database in small: a primary and replicas, each of which lags as far as wanted, all with Upstash's REST
// interface of their own, as regions. On this machine's own address only, nothing kept; everything is gone after `stop`.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDelayRelay } from "./delay-relay.ts";
import { startRedisServer } from "./redis-server.ts";
import { startUpstashProxy } from "./upstash-proxy.ts";

export interface Region {
	readonly url: string;
	readonly token: string;
	/** refuses writes */
	readonly readOnlyToken: string;
	/** of the server behind it, for `redis-cli -s` */
	readonly socketPath: string;
}

/** Reads from its own copy, hands writes to the primary. */
export interface ReplicaRegion extends Region {
	/** @param ms that this replica lags; Infinity until it is set anew */
	setDelay(ms: number): void;
}

export interface LocalRedis {
	/** where writes are done */
	readonly primary: Region;
	/** the first of the replicas */
	readonly replica: ReplicaRegion;
	readonly replicas: readonly ReplicaRegion[];
	/** @param ms that every replica lags; Infinity until it is set anew */
	setDelay(ms: number): void;
	/** Ends what was started, in order; never rejects for what has ended already. */
	stop(): Promise<void>;
}

export interface LocalRedisOptions {
	/** ms that the replicas lag; 0 by default */
	readonly delayMs?: number;
	/** of the primary's interface, the replicas' are the next ones; any that are free by default */
	readonly port?: number;
	/** how many, at least 1, the default */
	readonly replicas?: number;
}

/** @throws when redis-server is not installed, or a port is taken; nothing is left running then */
export async function startLocalRedis(options: LocalRedisOptions = {}): Promise<LocalRedis> {
	const { delayMs = 0, port, replicas: replicaCount = 1 } = options;
	const stops: (() => Promise<void>)[] = [];
	const stop = async () => {
		for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
	};
	try {
		const folder = await mkdtemp(join(tmpdir(), "parapet-redis-"));
		stops.push(() => rm(folder, { recursive: true, force: true }));
		const primary = await startRedisServer(folder, "primary");
		stops.push(primary.stop);
		const tokens = {
			token: randomBytes(24).toString("base64url"),
			readOnlyToken: randomBytes(24).toString("base64url"),
		};

		const startRegion = async (server: typeof primary, regionPort: number): Promise<Region> => {
			const connections = { primary: primary.connection, replica: server.connection };
			const proxy = await startUpstashProxy({ ...connections, ...tokens, port: regionPort });
			stops.push(proxy.close);
			return { url: proxy.url, ...tokens, socketPath: server.socketPath };
		};
		const startReplica = async (place: number): Promise<ReplicaRegion> => {
			// The first copy comes without delay, or starting would take many times as long.
			const relay = await startDelayRelay(primary.socketPath, 0);
			stops.push(relay.close);
			const server = await startRedisServer(folder, `replica-${place}`, relay.port);
			stops.push(server.stop);
			const region = await startRegion(server, port === undefined ? 0 : port + place);
			return { ...region, setDelay: relay.setDelay };
		};
		const primaryRegion = await startRegion(primary, port ?? 0);
		const replica = await startReplica(1);
		const replicas = [replica];
		for (let place = 2; place <= replicaCount; place++) replicas.push(await startReplica(place));
		const setDelay = (ms: number) => {
			for (const one of replicas) one.setDelay(ms);
		};
		setDelay(delayMs);
		return { primary: primaryRegion, replica, replicas, setDelay, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}
