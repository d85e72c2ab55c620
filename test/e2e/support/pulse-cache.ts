// A cache as stands before the public bucket of the pulses: nginx with `proxy_cache`, which goes by the object's own Cache-Control,
// asks once for many who ask together, and goes on with what it has while there is no answer from behind.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, request as sendOn } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { startNginx } from "../../../bench/peer/nginx.ts";
import { locateNginx } from "../../../bench/peer/packages.ts";

export interface PulseCache {
	/** origin; what PULSE_ORIGIN names */
	readonly url: string;
	/** what is behind: how often it was asked, and whether it answers */
	readonly behind: { url: string; asked: number; isDown: boolean; maxAge: string | null };
	/** From now on nothing is in it. */
	purge(): Promise<void>;
	close(): Promise<void>;
}

/** The caller closes it. @throws Error with nginx' own words where it does not start */
export async function startPulseCache(): Promise<PulseCache> {
	const folder = await mkdtemp(join(tmpdir(), "parapet-pulses-"));
	const behind: PulseCache["behind"] = { url: "", asked: 0, isDown: false, maxAge: null };
	const relay = createServer((incoming, outgoing) => {
		behind.asked += 1;
		if (behind.isDown) {
			incoming.socket.destroy();
			return;
		}
		const onward = sendOn(`${behind.url}${incoming.url}`, (reply) => {
			const headers = { ...reply.headers };
			// Time passes faster for the cache, so that no test has to wait.
			if (behind.maxAge !== null) headers["cache-control"] = behind.maxAge;
			outgoing.writeHead(reply.statusCode ?? 502, headers);
			reply.pipe(outgoing);
		});
		onward.once("error", () => outgoing.destroy());
		onward.end();
	});
	await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
	const { port: relayPort } = relay.address() as AddressInfo;
	const closeRelay = () =>
		new Promise<void>((resolve) => {
			relay.close(() => resolve());
			relay.closeAllConnections();
		});
	try {
		const nginx = await startNginx(locateNginx(process.env["PATH"] ?? ""), folder, (port) =>
			formatConfig(folder, port, relayPort),
		);
		return {
			url: `http://127.0.0.1:${nginx.port}`,
			behind,
			async purge() {
				const files = await readdir(join(folder, "cache"));
				await Promise.all(files.map((file) => rm(join(folder, "cache", file))));
			},
			async close() {
				await nginx.stop();
				await closeRelay();
				await rm(folder, { recursive: true, force: true });
			},
		};
	} catch (error) {
		await closeRelay();
		await rm(folder, { recursive: true, force: true });
		throw error;
	}
}

function formatConfig(folder: string, port: number, relayPort: number): string {
	// Else the worker of a master that root started could not write the folder.
	const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : "";
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
	return `${user}
daemon off;
worker_processes 1;
pid "${folder}/nginx.pid";
error_log stderr error;
events { worker_connections 1024; }
http {
	access_log off;
	${temporary.map((name) => `${name}_temp_path "${folder}/${name}";`).join(" ")}
	proxy_cache_path "${folder}/cache" keys_zone=pulses:1m use_temp_path=off;
	server {
		listen 127.0.0.1:${port};
		location = / { return 200 "ok"; }
		location /p/ {
			proxy_pass http://127.0.0.1:${relayPort};
			proxy_cache pulses;
			proxy_cache_lock on;
			proxy_cache_use_stale error timeout updating;
			add_header CF-Cache-Status $upstream_cache_status always;
		}
	}
}
`;
}
