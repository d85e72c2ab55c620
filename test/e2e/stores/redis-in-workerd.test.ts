// The Redis adapter in the runtime that it is for: the vendor's client on workerd's fetch and timers.
import { afterEach, expect, it } from "vitest";
import { createTestHarness, type TestHarness } from "wrangler";
import { startLyingServer } from "../../support/stand-ins/lying-server.ts";
import { describeWithRedis } from "../support/redis.ts";

let harness: TestHarness | undefined;
afterEach(() => harness?.close());

async function startWorker(region: { url: string; token: string }, timeoutMs: number) {
	process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
	harness = createTestHarness({
		workers: [
			{
				config: {
					name: "redis-store",
					main: new URL("../support/redis-store-worker.ts", import.meta.url).pathname,
					compatibility_date: "2026-10-15",
					vars: { URL: region.url, TOKEN: region.token, TIMEOUT_MS: String(timeoutMs) },
				},
			},
		],
	});
	const { url } = await harness.listen();
	return {
		get: async (key: string) => (await fetch(new URL(key, url))).json(),
		put: async (key: string, version: number, body: unknown) =>
			(await fetch(url, { method: "POST", body: JSON.stringify({ key, version, body }) })).json(),
	};
}

describeWithRedis("Redis record store in workerd", (redis) => {
	it("reads and writes, for many requests at once", async () => {
		const worker = await startWorker(redis().primary, 5_000);
		const keys = Array.from({ length: 20 }, (_, index) => `product-${index}`);
		for (const outcome of await Promise.all(keys.map((key) => worker.put(key, 2, { key })))) {
			expect(outcome).toEqual({ ok: "stored" });
		}
		expect(await worker.put("product-7", 1, "older")).toEqual({ ok: "superseded" });
		const read = await Promise.all(keys.map((key) => worker.get(key)));
		expect(read).toMatchObject(keys.map((key) => ({ ok: { version: 2, body: { key } } })));
		expect(await worker.get("none")).toEqual({ ok: null });
	});

	it.each(["at once", "after the headers"] as const)("gives up on a server that is silent %s", async (silent) => {
		const server = await startLyingServer();
		server.lie = { silent, body: '{"result":' };
		try {
			const worker = await startWorker({ url: server.url, token: "any" }, 100);
			expect(await worker.get("heads")).toEqual({ error: "unreachable" });
			expect(await worker.put("heads", 1, {})).toEqual({ error: "unreachable" });
			expect(server.requests).toHaveLength(2);
		} finally {
			await server.close();
		}
	});
});
