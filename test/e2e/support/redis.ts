// Tests against real Redis servers behind Upstash's REST protocol. Where redis-server is not installed they are skipped,
// aloud; REQUIRE_REDIS=1 makes that a failure.
import { writeSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LocalRedis, startLocalRedis } from "../../../dev/redis/local-redis.ts";
import { hasRedisServer } from "../../../dev/redis/redis-server.ts";
import { connectRedis } from "../../../dev/redis/resp.ts";

const STDERR = 2;

/** A suite that starts Redis servers of its own. */
export function describeWhereRedisIs(name: string, tests: () => void): void {
	if (hasRedisServer()) {
		describe(name, tests);
		return;
	}
	const needs = "needs redis-server (Debian: apt-get install redis-server)";
	if (process.env["REQUIRE_REDIS"] === "1") it(name, () => expect.fail(needs));
	else {
		// Not the console, which is silent for tests that pass.
		writeSync(STDERR, `skipped: "${name}" ${needs}\n`);
		describe.skip(name, tests);
	}
}

/** @param tests get the servers, which run by the time of each test; databases are empty and without lag then */
export function describeWithRedis(name: string, tests: (redis: () => LocalRedis) => void): void {
	describeWhereRedisIs(name, () => {
		let running: LocalRedis | undefined;
		beforeAll(async () => {
			running = await startLocalRedis();
		});
		beforeEach(async () => {
			running?.setDelay(0);
			if (running !== undefined) await emptyRedis(running);
		});
		afterAll(() => running?.stop());
		tests(() => running ?? notStarted());
	});
}

function notStarted(): never {
	throw new Error("redis is not running");
}

/** Empties the primary and waits until the replica is empty too. */
async function emptyRedis(redis: LocalRedis): Promise<void> {
	const primary = connectRedis(redis.primary.socketPath);
	// WAIT: until one replica has everything that this connection wrote.
	await primary.send([["FLUSHALL"], ["WAIT", "1", "10000"]]);
	primary.close();
}
