// The Redis adapter on real Redis servers behind Upstash's REST protocol: what each store must do, writers that race, and a
// region that lags.
import { describe, expect, it } from "vitest";
import type { Region } from "../../../dev/redis/local-redis.ts";
import { connectRedis } from "../../../dev/redis/resp.ts";
import { redisKey } from "../../../src/storage/keys.ts";
import { formatRecord } from "../../../src/storage/record-store.ts";
import { createRedisRecordStore } from "../../../src/storage/redis-record-store.ts";
import { recordStoreContract } from "../../contract/record-store.contract.ts";
import { describeWithRedis } from "../support/redis.ts";

const KEY = "device:dev-a";
const storeAt = ({ url, token }: { url: string; token: string }, readYourWrites = false) =>
	createRedisRecordStore({ url, token, timeoutMs: 10_000, readYourWrites });

async function redisCli(region: Region, ...command: string[]) {
	const connection = connectRedis(region.socketPath);
	const [reply] = await connection.send([command]);
	connection.close();
	return reply;
}

describeWithRedis("Redis record store", (redis) => {
	recordStoreContract("Upstash Redis", async () => ({
		store: storeAt(redis().primary),
		corrupt: async (key, text) => void (await redisCli(redis().primary, "SET", redisKey(key), text)),
	}));

	it("stores the same text as every other store, under a key of its own", async () => {
		const record = { version: 1, body: { name: "ü" } };
		await storeAt(redis().primary).put(KEY, record);
		const reply = await redisCli(redis().primary, "GET", `parapet:${KEY}`);
		expect(reply?.kind === "bulk" && String(reply.bytes)).toBe(formatRecord(KEY, record));
		expect(await redisCli(redis().primary, "DBSIZE")).toEqual({ kind: "integer", value: 1 });
		expect(await redisCli(redis().primary, "TTL", `parapet:${KEY}`)).toEqual({ kind: "integer", value: -1 });
	});

	it("never goes back, whatever the order of fifty writers at once", async () => {
		const versions = Array.from({ length: 50 }, (_, index) => ((index * 37) % 50) + 1);
		const store = storeAt(redis().primary);
		const seen = [0];
		let writing = true;
		const reading = (async () => {
			while (writing) seen.push((await store.get(KEY))?.version ?? 0);
		})();
		const writes = await Promise.all(
			versions.map(async (version) => {
				const outcome = await store.put(KEY, { version, body: { version } });
				return { version, outcome, after: (await store.get(KEY))?.version };
			}),
		);
		writing = false;
		await reading;

		expect(await store.get(KEY)).toMatchObject({ version: 50, body: { version: 50 } });
		expect(seen).toEqual(seen.toSorted((left, right) => left - right));
		for (const { version, after } of writes) expect(after).toBeGreaterThanOrEqual(version);
		expect(writes.find(({ version }) => version === 50)?.outcome).toBe("stored");
		expect(writes.some(({ outcome }) => outcome === "superseded")).toBe(true);
	});

	it.each([
		["has quotes in the key", 'device:"\\', {}],
		["has a body that cjson refuses", KEY, { half: "\ud800" }],
		["has a body that looks like a version", KEY, { text: '","version":1,"body":' }],
		["has a long body", KEY, { text: "x".repeat(300_000) }],
	])("never goes back from a record that %s", async (_, key, body) => {
		const store = storeAt(redis().primary);
		await store.put(key, { version: Number.MAX_SAFE_INTEGER, body });
		expect(await store.put(key, { version: Number.MAX_SAFE_INTEGER - 1, body: "older" })).toBe("superseded");
		expect(await store.get(key)).toMatchObject({ version: Number.MAX_SAFE_INTEGER, body });
	});

	it("repairs a value of another type, and does not go back where only the end of a record is spoilt", async () => {
		const store = storeAt(redis().primary);
		await redisCli(redis().primary, "RPUSH", redisKey(KEY), "a list");
		await expect(store.get(KEY)).rejects.toMatchObject({ code: "unreachable" });
		expect(await store.put(KEY, { version: 1, body: 1 })).toBe("stored");
		await redisCli(redis().primary, "SET", redisKey(KEY), `{"key":"${KEY}","version":9,"body":{"cut`);
		expect(await store.put(KEY, { version: 8, body: 8 })).toBe("superseded");
		expect(await store.put(KEY, { version: 9, body: 9 })).toBe("stored");
	});

	it("is refused with the read-only token, which reads", async () => {
		await storeAt(redis().primary).put(KEY, { version: 1, body: 1 });
		const { url, readOnlyToken: token } = redis().primary;
		expect(await storeAt({ url, token }).get(KEY)).toMatchObject({ version: 1, body: 1 });
		await expect(storeAt({ url, token }).put(KEY, { version: 2, body: 2 })).rejects.toMatchObject({
			code: "unreachable",
		});
		await expect(storeAt({ url, token: "wrong" }).get(KEY)).rejects.toMatchObject({ code: "unreachable" });
	});

	describe("in a region that lags", () => {
		it("reads the older version, and the newer one once it has come", async () => {
			const [near, far] = [storeAt(redis().primary), storeAt(redis().replica)];
			await near.put(KEY, { version: 1, body: "old" });
			await expect.poll(() => far.get(KEY)).toMatchObject({ version: 1, body: "old" });
			redis().setDelay(Number.POSITIVE_INFINITY);
			await near.put(KEY, { version: 2, body: "new" });
			expect(await near.get(KEY)).toMatchObject({ version: 2, body: "new" });
			expect(await far.get(KEY)).toMatchObject({ version: 1, body: "old" });
			redis().setDelay(0);
			await expect.poll(() => far.get(KEY)).toMatchObject({ version: 2, body: "new" });
		});

		it("compares versions at the primary, not with what the region has", async () => {
			redis().setDelay(Number.POSITIVE_INFINITY);
			const far = storeAt(redis().replica);
			await storeAt(redis().primary).put(KEY, { version: 5, body: 5 });
			expect(await far.get(KEY)).toBeNull();
			expect(await far.put(KEY, { version: 4, body: 4 })).toBe("superseded");
			expect(await storeAt(redis().primary).get(KEY)).toMatchObject({ version: 5, body: 5 });
		});

		it("waits for its own write with a sync token, and for nobody's without", async () => {
			redis().setDelay(Number.POSITIVE_INFINITY);
			const [waiting, hasty] = [storeAt(redis().replica, true), storeAt(redis().replica)];
			await waiting.put(KEY, { version: 1, body: "mine" });
			await hasty.put("heads", { version: 1, body: "mine" });
			expect(await hasty.get("heads")).toBeNull();
			let settled = false;
			const reading = waiting.get(KEY).finally(() => {
				settled = true;
			});
			expect(await hasty.get(KEY)).toBeNull();
			expect(settled).toBe(false);
			redis().setDelay(0);
			expect(await reading).toMatchObject({ version: 1, body: "mine" });
		});

		it("gives up in time when its own write does not come", async () => {
			redis().setDelay(Number.POSITIVE_INFINITY);
			const { url, token } = redis().replica;
			const store = createRedisRecordStore({ url, token, timeoutMs: 200, readYourWrites: true });
			await store.put(KEY, { version: 1, body: "mine" });
			await expect(store.get(KEY)).rejects.toMatchObject({ code: "unreachable", key: KEY });
		});
	});
});
