// The service with its records in Redis and KV: either can be gone, and nobody notices.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { recordLanes } from "../../../src/objects/bindings.ts";
import { redisKey } from "../../../src/storage/keys.ts";
import worker from "../../../src/worker.ts";
import { bindings } from "../../support/object-bindings.ts";
import { ISSUER } from "../../support/service.ts";
import { newScene } from "./fixtures.ts";

const REDIS_URL = "http://redis.test";
const REDIS_TOKEN = "token-of-redis";

afterEach(() => {
	vi.restoreAllMocks();
});

/** Answers the REST calls of Redis from what KV holds, which is what the outboxes of the test have written. */
function redisFromKv(mood: "answers" | "fails" | "hangs"): { readonly gets: string[] } {
	const gets: string[] = [];
	vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
		expect(String(url)).toMatch(/^http:\/\/redis\.test\b/);
		expect(new Headers(init?.headers).get("authorization")).toBe(`Bearer ${REDIS_TOKEN}`);
		const [command, key] = JSON.parse(String(init?.body)) as [string, string];
		expect(command).toBe("get");
		gets.push(key);
		if (mood === "fails") return Response.json({ error: "ERR internal error" }, { status: 500 });
		if (mood === "hangs") await new Promise(() => {});
		return Response.json({ result: await env.RECORDS.get(key.slice(redisKey("").length)) });
	});
	return { gets };
}

async function check(accessToken: string, recordStore: string, kvWorks: boolean): Promise<Record<string, unknown>> {
	const broken = {
		get: async () => {
			throw new Error("KV GET failed: 503");
		},
	};
	const variant = {
		...env,
		RECORD_STORE: recordStore,
		REDIS_URL,
		REDIS_TOKEN,
		...(kvWorks ? {} : { RECORDS: broken }),
		// The objects would otherwise help out.
		DIRECTORY: {},
		PRODUCT: {},
	} as unknown as Env;
	const request = new Request(`${ISSUER}/v1/check`, { headers: { authorization: `Bearer ${accessToken}` } });
	const answer = await worker.fetch(request as Parameters<typeof worker.fetch>[0], variant, createExecutionContext());
	expect(answer.status).toBe(200);
	return answer.json();
}

describe("a check is answered, and nothing in it is old,", () => {
	test.each([
		["from Redis alone", "redis", "answers", false],
		["from Redis, with KV gone", "redis,kv", "answers", false],
		["from Redis as the second, with KV gone", "kv,redis", "answers", false],
		["from KV, with Redis failing", "redis,kv", "fails", true],
		["from KV, with Redis mute", "redis,kv", "hangs", true],
	] as const)("%s", async (_, recordStore, mood, kvWorks) => {
		const { firewall, product } = await newScene({}, false);
		const { gets } = redisFromKv(mood);
		const body = await check(firewall.accessToken, recordStore, kvWorks);
		expect(body).toMatchObject({ products: [{ product, status: "offered" }] });
		expect(body).not.toHaveProperty("degraded");
		expect(gets).toContain(redisKey("heads"));
	});

	test("from KV, without a word to Redis while KV answers first", async () => {
		const { firewall } = await newScene({}, false);
		const { gets } = redisFromKv("answers");
		await check(firewall.accessToken, "kv,redis", true);
		expect(gets).toEqual([]);
	});
});

describe("the outbox has a lane for each store", () => {
	const lanesOf = (variables: Record<string, string | undefined>) =>
		recordLanes({ ...bindings, REDIS_URL, REDIS_TOKEN, ...variables }).map(({ name, writeIntervalMs }) => [
			name,
			writeIntervalMs,
		]);

	test.each([
		[undefined, [["kv", 1_100]]],
		["", [["kv", 1_100]]],
		["kv", [["kv", 1_100]]],
		["redis", [["redis", 0]]],
		// biome-ignore format: a table
		["redis,kv", [["redis", 0], ["kv", 1_100]]],
		// biome-ignore format: a table
		["kv,redis", [["kv", 1_100], ["redis", 0]]],
	])("RECORD_STORE %j: %j", (RECORD_STORE, lanes) => {
		expect(lanesOf({ ENVIRONMENT: "production", RECORD_STORE })).toEqual(lanes);
	});

	test("and no object starts with stores that it cannot make", () => {
		expect(() => lanesOf({ RECORD_STORE: "memcached" })).toThrow("RECORD_STORE");
		expect(() => lanesOf({ RECORD_STORE: "redis", REDIS_TOKEN: undefined })).toThrow("REDIS_TOKEN");
	});
});
