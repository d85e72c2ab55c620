// A real redis-server behind Upstash's interface that can be killed and started again.
import { type RedisServer, startRedisServer } from "../../dev/redis/redis-server.ts";
import { connectRedis } from "../../dev/redis/resp.ts";
import { startUpstashProxy } from "../../dev/redis/upstash-proxy.ts";

/** What `REDIS_URL` leads to. */
export interface MortalRedis {
	readonly variables: Readonly<Record<string, string>>;
	/** false: the process is killed and forgets what it held. true: a new one, empty */
	set(isUp: boolean): Promise<void>;
	stop(): Promise<void>;
}

/** @param folder for its socket @throws when redis-server does not start */
export async function startMortalRedis(folder: string): Promise<MortalRedis> {
	let server: RedisServer | null = await startRedisServer(folder, "records");
	// It outlives the server: a connection is made anew with the next command.
	const connection = connectRedis(server.socketPath);
	const token = "trial";
	const proxy = await startUpstashProxy({
		primary: connection,
		replica: connection,
		token,
		readOnlyToken: "-",
		port: 0,
	});
	return {
		variables: { REDIS_URL: proxy.url, REDIS_TOKEN: token },
		async set(isUp: boolean) {
			if (isUp === (server !== null)) return;
			if (server === null) server = await startRedisServer(folder, "records");
			else {
				const dying = server;
				server = null;
				await dying.stop();
			}
		},
		async stop() {
			connection.close();
			await proxy.close();
			await server?.stop();
		},
	};
}
