// The stand-in for Upstash, as its own client and plain HTTP see it (https://upstash.com/docs/redis/features/restapi).
import { Redis } from "@upstash/redis";
import { expect, it } from "vitest";
import { connectRedis } from "../../../dev/redis/resp.ts";
import { describeWithRedis } from "../support/redis.ts";

describeWithRedis("Upstash proxy", (redis) => {
	const client = (region: "primary" | "replica" = "primary") =>
		new Redis({ ...redis()[region], enableAutoPipelining: false, automaticDeserialization: false });

	const send = async (path: string, init: RequestInit = {}) => {
		const headers = { authorization: `Bearer ${redis().primary.token}`, ...init.headers };
		const response = await fetch(`${redis().primary.url}${path}`, { ...init, headers });
		return { status: response.status, body: await response.json() };
	};
	const post = (path: string, body: unknown, headers = {}) =>
		send(path, { method: "POST", body: JSON.stringify(body), headers });

	it("serves the vendor's own client, whose texts are in base64", async () => {
		const upstash = client();
		expect(await upstash.set("text", "ü\n\u0000")).toBe("OK");
		expect(await upstash.get("text")).toBe("ü\n\u0000");
		expect(await upstash.set("text", "OK")).toBe("OK");
		expect(await upstash.get("text")).toBe("OK");
		expect(await upstash.mget("text", "none")).toEqual(["OK", null]);
		expect(await upstash.incr("count")).toBe(1);
		await expect(upstash.incr("text")).rejects.toThrow("not an integer");
		const pipeline = upstash.pipeline().set("a", "1").get("a").lrange("a", 0, 1);
		const [set, got, ranged] = await pipeline.exec({ keepErrors: true });
		expect([set.result, got.result, ranged.error]).toEqual(["OK", "1", expect.stringContaining("WRONGTYPE")]);
		expect(await upstash.multi().set("a", "2").get("a").exec()).toEqual(["OK", "2"]);
	});

	it("encodes every text but a top-level OK when asked to", async () => {
		const base64 = { "upstash-encoding": "base64" };
		expect(await post("/", ["SET", "a", "OK"], base64)).toEqual({ status: 200, body: { result: "OK" } });
		expect(await post("/", ["GET", "a"], base64)).toEqual({ status: 200, body: { result: "T0s=" } });
		expect(await post("/", ["MGET", "a", "b"], base64)).toEqual({ status: 200, body: { result: ["T0s=", null] } });
		expect((await post("/", ["INCR", "a"], base64)).body).toEqual({ error: expect.stringMatching(/^ERR /) });
	});

	it("takes a command from the path, the body after it, and the query after that", async () => {
		expect((await send("/set/a%2Fb/1")).body).toEqual({ result: "OK" });
		expect((await send("/get/a%2Fb")).body).toEqual({ result: "1" });
		expect((await send("/set/a?EX=100", { method: "POST", body: "from the body" })).body).toEqual({ result: "OK" });
		expect((await send("/get/a")).body).toEqual({ result: "from the body" });
		expect((await send("/ttl/a")).body).toEqual({ result: 100 });
	});

	it.each([
		["/", "no JSON", 400],
		["/", "{}", 400],
		["/", "[]", 400],
		["/", '["SET","a",{}]', 400],
		["/", '["NOSUCH"]', 400],
		["/pipeline", '["GET","a"]', 400],
		["/multi-exec", '[["SET","a"]]', 400],
	])("answers POST %s %s with an error and %i", async (path, body, status) => {
		expect(await send(path, { method: "POST", body })).toEqual({ status, body: { error: expect.any(String) } });
	});

	it("wants a token, in the header or in the query", async () => {
		const { url, token } = redis().primary;
		expect((await fetch(`${url}/get/a`)).status).toBe(401);
		expect((await fetch(`${url}/get/a?_token=wrong`)).status).toBe(401);
		expect((await fetch(`${url}/get/a?_token=${token}`)).status).toBe(200);
		expect((await send("/get/a", { method: "DELETE" })).status).toBe(405);
	});

	it("lets the read-only token read, also by script, and write in no way", async () => {
		const headers = { authorization: `Bearer ${redis().primary.readOnlyToken}` };
		const reads = [["GET", "a"], ["ping"], ["OBJECT", "ENCODING", "a"], ["EVAL_RO", "return 1", 0]];
		for (const command of reads) expect((await post("/", command, headers)).status, command.join(" ")).toBe(200);
		for (const command of [
			["SET", "a", "1"],
			["FLUSHALL"],
			["EVAL", "return 1", 0],
			["GETDEL", "a"],
			["SCRIPT", "FLUSH"],
		]) {
			expect((await post("/", command, headers)).body, command.join(" ")).toEqual({
				error: expect.stringMatching(/^NOPERM/),
			});
		}
		const mixed = await post(
			"/pipeline",
			[
				["SET", "a", "1"],
				["GET", "a"],
			],
			headers,
		);
		expect(mixed.body).toEqual([{ error: expect.stringMatching(/^NOPERM/) }, { result: null }]);
		expect(
			(
				await post(
					"/multi-exec",
					[
						["GET", "a"],
						["SET", "a", "1"],
					],
					headers,
				)
			).status,
		).toBe(400);
	});

	it.each(["BLPOP a 0", "subscribe a", "WATCH a", "MULTI", "CONFIG GET *", "SHUTDOWN", "XREAD BLOCK 0 STREAMS a 0"])(
		"refuses %s",
		async (command) => {
			expect(await post("/", command.split(" "))).toEqual({
				status: 400,
				body: { error: expect.stringContaining("not available over REST") },
			});
		},
	);

	it("runs a transaction as one, and none of it when a command is malformed", async () => {
		const many = Array.from({ length: 20 }, (_, index) =>
			post("/multi-exec", [
				["SET", "owner", index],
				["GET", "owner"],
			]),
		);
		for (const [index, { body }] of (await Promise.all(many)).entries()) {
			expect(body).toEqual([{ result: "OK" }, { result: String(index) }]);
		}
		expect((await post("/multi-exec", [["SET", "x", "1"], ["GET"]])).status).toBe(400);
		expect((await post("/", ["EXISTS", "x"])).body).toEqual({ result: 0 });
	});

	it("takes scripts with a flag that only Upstash knows", async () => {
		const script = "#!lua flags=allow-key-locking\nreturn redis.call('SET', KEYS[1], ARGV[1])";
		expect(await client().eval(script, ["a"], ["1"])).toBe("OK");
	});

	it("opens another connection after Redis has cut one", async () => {
		const upstash = client("replica");
		await upstash.set("a", "1");
		const server = connectRedis(redis().replica.socketPath);
		await server.send([["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]]);
		server.close();
		await expect.poll(() => upstash.get("a").catch(() => "broken")).toBe("1");
	});

	it("carries a sync token from one region to another", async () => {
		redis().setDelay(Number.POSITIVE_INFINITY);
		const [near, far] = [client("primary"), client("replica")];
		await near.set("a", "1");
		expect(await far.get("a")).toBeNull();
		far.readYourWritesSyncToken = near.readYourWritesSyncToken;
		const reading = far.get("a");
		redis().setDelay(0);
		expect(await reading).toBe("1");
	});
});
