// Repairing stores as an operator does it: the real command line, the real service, a real Redis that has lost everything.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectRedis } from "../../../dev/redis/resp.ts";
import { createCode, operate, publish } from "../support/fleet.ts";
import { describeWithRedis } from "../support/redis.ts";
import { type RunningService, startService } from "../support/service.ts";

const PARAPET = join(import.meta.dirname, "../../../bin/parapet.mjs");
const PRODUCT = "crs";

interface Run {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

describeWithRedis("repairing the stores", (redis) => {
	let service: RunningService;

	beforeAll(async () => {
		const { url, token } = redis().primary;
		service = await startService({ variables: { RECORD_STORE: "redis,kv", REDIS_URL: url, REDIS_TOKEN: token } });
		await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
		await publish(service, PRODUCT, "1.0.0", new Uint8Array(Buffer.from("rules")));
		await createCode(service, [PRODUCT]);
		await operate(service, "POST", "/v1/keys", { subject: "ci", scopes: [`publish:${PRODUCT}`] });
	});
	afterAll(() => service?.close());

	/** @param until interrupts the command once this holds */
	async function parapet(args: readonly string[], until?: () => boolean): Promise<Run> {
		const child = spawn(process.execPath, [PARAPET, "record", ...args], {
			env: { ...process.env, PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey },
			stdio: ["ignore", "pipe", "pipe"],
		});
		const written = { stdout: "", stderr: "" };
		child.stdout.on("data", (bytes) => {
			written.stdout += String(bytes);
		});
		child.stderr.on("data", (bytes) => {
			written.stderr += String(bytes);
		});
		const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
		if (until !== undefined) {
			await expect.poll(until, { timeout: 60_000, interval: 20 }).toBe(true);
			child.kill("SIGINT");
		}
		return { code: await ended, ...written };
	}

	async function redisHas(): Promise<string[]> {
		const connection = connectRedis(redis().primary.socketPath);
		const [reply] = await connection.send([["KEYS", "*"]]);
		connection.close();
		if (reply?.kind !== "array") expect.fail(`KEYS: ${JSON.stringify(reply)}`);
		return (reply.items ?? []).map((item) => (item.kind === "bulk" ? String(item.bytes) : "")).toSorted();
	}

	// The database is emptied before each test (support/redis.ts), and KV is not.
	it("finds out that Redis lost everything, fills it again, and finds nothing more", async () => {
		const lost = await parapet(["verify", "--json"]);
		expect(lost.code).toBe(1);
		expect(JSON.parse(lost.stdout)).toMatchObject({
			records: 2,
			drifted: 2,
			stores: [
				{ store: "redis", same: 0, drifted: 2 },
				{ store: "kv", same: 2, drifted: 0 },
			],
		});
		expect(JSON.parse(lost.stderr)).toMatchObject({ error: { code: "drift" } });

		const rebuilt = await parapet(["rebuild", "--store", "redis"]);
		expect(rebuilt).toMatchObject({ code: 0, stderr: "" });
		expect(rebuilt.stdout).toContain("rebuilt 2 records: 1 product, 1 account,");
		expect(await redisHas()).toEqual(["parapet:heads", "parapet:product:crs@1"]);
		expect(await parapet(["verify"])).toMatchObject({ code: 0, stderr: "" });
	});

	it("goes on with its token after Ctrl-C", async () => {
		const pages = () => service.logs().filter((line) => line.includes('"/v1/records/rebuild"')).length;
		const before = pages();
		// One record a second: by the second call the first page is known to be done.
		const stopped = await parapet(["rebuild", "--rate", "1"], () => pages() > before + 1);
		expect(stopped.code).toBe(1);
		expect(stopped.stderr).toMatch(/the rebuild stopped after [12] records: interrupted/);
		expect(await redisHas()).not.toContain("parapet:heads");
		const token = /--from (\S+)/.exec(stopped.stderr)?.[1] ?? "";
		expect(await parapet(["rebuild", "--from", token])).toMatchObject({ code: 0 });
		expect(await redisHas()).toHaveLength(2);
		expect((await parapet(["verify"])).code).toBe(0);
	});
});
