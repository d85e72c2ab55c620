// A global Redis database in small: a primary and a replica that lags as far as wanted, each with Upstash's REST interface
// of its own, as two regions. On this machine's own address only, nothing kept; everything is gone after `stop`.
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

export interface LocalRedis {
	/** where writes are done */
	readonly primary: Region;
	/** reads from its own copy, hands writes to the primary */
	readonly replica: Region;
	/** @param ms that the replica lags; Infinity until it is set anew */
	setDelay(ms: number): void;
	/** Ends what was started, in order; never rejects for what has ended already. */
	stop(): Promise<void>;
}

export interface LocalRedisOptions {
	/** ms that the replica lags; 0 by default */
	readonly delayMs?: number;
	/** of the primary's interface, the replica's is the next one; any that are free by default */
	readonly port?: number;
}

/** @throws when redis-server is not installed, or a port is taken; nothing is left running then */
export async function startLocalRedis({ delayMs = 0, port }: LocalRedisOptions = {}): Promise<LocalRedis> {
	const stops: (() => Promise<void>)[] = [];
	const stop = async () => {
		for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
	};
	try {
		const folder = await mkdtemp(join(tmpdir(), "parapet-redis-"));
		stops.push(() => rm(folder, { recursive: true, force: true }));
		const primary = await startRedisServer(folder, "primary");
		stops.push(primary.stop);
		// The first copy comes without delay, or starting would take many times as long.
		const relay = await startDelayRelay(primary.socketPath, 0);
		stops.push(relay.close);
		const replica = await startRedisServer(folder, "replica", relay.port);
		stops.push(replica.stop);
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
		const regions = {
			primary: await startRegion(primary, port ?? 0),
			replica: await startRegion(replica, port === undefined ? 0 : port + 1),
		};
		relay.setDelay(delayMs);
		return { ...regions, setDelay: relay.setDelay, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}
