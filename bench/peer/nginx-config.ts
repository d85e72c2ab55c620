// The configuration of the peer: one worker, nothing written to disk, no limits that a benchmark would meet. Pure.

export interface PeerSettings {
	/** with device-gate.lua, and for everything that nginx writes */
	readonly folder: string;
	/** on 127.0.0.1 */
	readonly port: number;
	/** where nginx' modules are */
	readonly modules: string;
	/** the folder with Lua's shared objects */
	readonly luaLibraries: string;
	/** whom the worker runs as; null = whoever starts nginx */
	readonly user: string | null;
	/** of the tokens: in PEM, and of those under a MAC */
	readonly publicKey: string;
	readonly tokenSecret: string;
	readonly redisSocket: string;
	readonly issuer: string;
	readonly urlSecret: string;
}

const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** @returns nginx.conf */
export function formatNginxConfig(settings: PeerSettings): string {
	const { folder, port, modules, luaLibraries, user } = settings;
	const given = {
		PUBLIC_KEY: settings.publicKey,
		TOKEN_SECRET: settings.tokenSecret,
		REDIS_SOCKET: settings.redisSocket,
		ISSUER: settings.issuer,
		URL_SECRET: settings.urlSecret,
	};
	const table = Object.entries(given).map(([name, text]) => `${name} = ${quoteLua(text)}`);
	return `load_module ${modules}/ndk_http_module.so;
load_module ${modules}/ngx_http_lua_module.so;
${user === null ? "" : `user ${user};\n`}daemon off;
worker_processes 1;
pid "${folder}/nginx.pid";
error_log stderr error;
events { worker_connections 1024; }
http {
	access_log off;
	keepalive_requests 1000000000;
	${TEMPORARY.map((name) => `${name}_temp_path "${folder}/${name}";`).join(" ")}
	lua_package_path "${folder}/?.lua;/usr/share/lua/5.1/?.lua;;";
	lua_package_cpath "${luaLibraries}/?.so;;";
	init_by_lua_block {
		gate = require "device-gate"
		gate.configure({ ${table.join(", ")} })
	}
	server {
		listen 127.0.0.1:${port};
		location = / { return 200 "ok"; }
		location = /check { content_by_lua_block { gate.check() } }
		location = /check-sealed { content_by_lua_block { gate.check_sealed() } }
		location = /permit { content_by_lua_block { gate.permit() } }
	}
}
`;
}

/** A Lua string, whatever is in it: each byte that could end it or mean something to nginx as a number. */
function quoteLua(text: string): string {
	const escaped = (byte: number) => {
		const character = String.fromCharCode(byte);
		return /[\w /:.,+=-]/.test(character) ? character : `\\${String(byte).padStart(3, "0")}`;
	};
	return `"${Array.from(Buffer.from(text), escaped).join("")}"`;
}
