// RECORD_STORE as the objects read it: which stores they write, and how fast. Reading: test/workers/routes/outages/stores.test.ts.
import { describe, expect, test } from "vitest";
import { recordLanes } from "../../../../../src/objects/bindings.ts";
import { bindings } from "../../../../support/object-bindings.ts";

const REDIS_URL = "http://redis.test";
const REDIS_TOKEN = "token-of-redis";

describe("the outbox has a lane for each store", () => {
	const lanesOf = (variables: Record<string, string | undefined>) =>
		recordLanes({ ...bindings, REDIS_URL, REDIS_TOKEN, ...variables }).map(
			({ name, writeIntervalMs, headsIntervalMs }) => [name, writeIntervalMs, headsIntervalMs],
		);

	test.each([
		[undefined, [["kv", 1_100, 1_100]]],
		["", [["kv", 1_100, 1_100]]],
		["kv", [["kv", 1_100, 1_100]]],
		["redis", [["redis", 0, 1_100]]],
		// biome-ignore format: a table
		["redis,kv", [["redis", 0, 1_100], ["kv", 1_100, 1_100]]],
		// biome-ignore format: a table
		["kv,redis", [["kv", 1_100, 1_100], ["redis", 0, 1_100]]],
	])("RECORD_STORE %j: %j", (RECORD_STORE, lanes) => {
		expect(lanesOf({ ENVIRONMENT: "production", RECORD_STORE })).toEqual(lanes);
	});

	test("and no object starts with stores that it cannot make", () => {
		expect(() => lanesOf({ RECORD_STORE: "memcached" })).toThrow("RECORD_STORE");
		expect(() => lanesOf({ RECORD_STORE: "redis", REDIS_TOKEN: undefined })).toThrow("REDIS_TOKEN");
	});
});
