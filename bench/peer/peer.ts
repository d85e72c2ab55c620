// The peer of `npm run bench -- --peer`: what an operator would build instead of the service, with one nginx worker, Lua and
// a Redis on the same machine. It is sent what our devices send, by the same load generator over as many connections.
import { randomBytes } from "node:crypto";
import { copyFile, mkdir } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { startRedisServer } from "../../dev/redis/redis-server.ts";
import type { PeerRow } from "../hot-path/rows.ts";
import type { Scenario } from "../hot-path/turn.ts";
import { buildRequests, type RequestParts, type RequestSet } from "../load/requests.ts";
import { findChildren } from "../process-use.ts";
import { showProgress } from "../progress.ts";
import { checkBy } from "../stage/device-requests.ts";
import { ISSUER } from "../stage/fleet.ts";
import type { JwtIssuer } from "../stage/jwt-issuer.ts";
import { type Perishable, perishable } from "../stage/perishable.ts";
import type { Stage } from "../stage/stage.ts";
import { type Nginx, readNginxVersion, startNginx } from "./nginx.ts";
import { formatNginxConfig } from "./nginx-config.ts";
import {
	describeMissing,
	findMissingPackages,
	LUA_LIBRARIES,
	locate,
	locateNginx,
	MODULE_FOLDERS,
} from "./packages.ts";

export type Peer =
	| {
			readonly isRunning: true;
			/** who it is, for people */
			readonly machine: string;
			/** one for each row that was asked for */
			readonly scenarios: readonly Scenario[];
			stop(): Promise<void>;
	  }
	| { readonly isRunning: false; readonly reason: string };

const BARE_REQUESTS = 1000;
const WARM_UP = 300;
/** Beside nginx' other files: where the project lies may have a name that its configuration cannot hold. */
const GATE = "device-gate.lua";
const ETAG = '"release-42"';

/** @returns why the peer cannot run on this machine and what to do about it; null when it can */
export function findObstacle(): string | null {
	const missing = findMissingPackages(searchPath());
	return missing.length === 0 ? null : describeMissing(missing);
}

function searchPath(): string {
	return process.env.PATH ?? "";
}

/**
 * @param folder that exists; the caller removes it
 * @param stage whose devices the peer knows @param issuer of their tokens here
 * @returns also when a part does not start: the others are measured without it
 */
export async function startPeer(
	folder: string,
	stage: Pick<Stage, "devices" | "places">,
	issuer: JwtIssuer,
	rows: readonly PeerRow[],
): Promise<Peer> {
	showProgress("starting nginx and Redis");
	const own = join(folder, "peer");
	await mkdir(own);
	await copyFile(join(import.meta.dirname, GATE), join(own, GATE));
	const earlier = await findChildren("redis-server");
	const redis = await startRedisServer(own, "peer");
	try {
		const redisPids = (await findChildren("redis-server")).filter((pid) => !earlier.includes(pid));
		await redis.connection.send(
			stage.devices.map(({ profile }) => ["SET", `device:${profile.id}`, JSON.stringify(profile)]),
		);
		const program = locateNginx(searchPath());
		const settings = {
			folder: own,
			modules: dirname(locate(MODULE_FOLDERS, "ngx_http_lua_module.so")),
			luaLibraries: dirname(locate(LUA_LIBRARIES, "cjson.so")),
			// Else the worker of a master that root started could not read the folder.
			user: process.getuid?.() === 0 ? userInfo().username : null,
			publicKey: issuer.pem,
			tokenSecret: issuer.secret,
			redisSocket: redis.socketPath,
			issuer: ISSUER,
			urlSecret: randomBytes(32).toString("base64url"),
		};
		const nginx = await startNginx(program, own, (port) => formatNginxConfig({ ...settings, port }));
		const pids = nginx.workers.length === 0 ? [] : [...nginx.workers, ...redisPids];
		const scenarios = makePeerScenarios(nginx, pids, stage, issuer);
		return {
			isRunning: true,
			machine: `peer: nginx ${readNginxVersion(program)} with one worker, Lua and Redis, verifying ES256 for each request`,
			scenarios: rows.map((name) => scenarios[name]),
			async stop() {
				await nginx.stop();
				await redis.stop();
			},
		};
	} catch (error) {
		await redis.stop();
		return { isRunning: false, reason: error instanceof Error ? error.message : String(error) };
	}
}

function makePeerScenarios(
	{ port }: Nginx,
	pids: readonly number[],
	{ devices, places: { now } }: Pick<Stage, "devices" | "places">,
	issuer: JwtIssuer,
): Readonly<Record<PeerRow, Scenario>> {
	const ids = devices.map(({ profile }) => profile.id);
	const tokensOf = (alg: Parameters<JwtIssuer["issue"]>[0]) => perishable(() => issuer.issue(alg, ids, now()), now);
	const signed = tokensOf("ES256");
	const requestsOf = (tokens: Perishable<readonly string[]>, make: (token: string) => RequestParts) =>
		perishable(async () => {
			const { value, endsAt } = await tokens.get();
			return { value: buildRequests(value.map(make)), endsAt };
		}, now);
	const sets = {
		nginx: perishable(async () => ({ value: bareRequests(), endsAt: Number.POSITIVE_INFINITY }), now),
		"nginx-check": requestsOf(signed, (token) => checkBy(token, "/check", { "if-none-match": ETAG })),
		"nginx-sealed": requestsOf(tokensOf("HS256"), (token) =>
			checkBy(token, "/check-sealed", { "if-none-match": ETAG }),
		),
		"nginx-permit": requestsOf(signed, (token) => checkBy(token, "/permit?product=crs")),
	};
	const scenario = (name: PeerRow, status: number): Scenario => ({
		...{ name, port, pids, statuses: [status], warmUpRequests: WARM_UP },
		async prepare() {
			const { value, endsAt } = await sets[name].get();
			return { requests: value, isForOneUse: false, warmUp: null, endsAt };
		},
	});
	return {
		nginx: scenario("nginx", 200),
		"nginx-check": scenario("nginx-check", 304),
		"nginx-sealed": scenario("nginx-sealed", 304),
		"nginx-permit": scenario("nginx-permit", 201),
	};
}

function bareRequests(): RequestSet {
	return buildRequests(Array.from({ length: BARE_REQUESTS }, () => ({ method: "GET", target: "/" })));
}
