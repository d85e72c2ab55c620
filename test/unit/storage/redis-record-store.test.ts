// What the adapter makes of a server that is broken, slow or none at all. The real one: test/e2e/stores/redis-record-store.test.ts.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RecordStoreError } from "../../../src/storage/record-store.ts";
import { createRedisRecordStore } from "../../../src/storage/redis-record-store.ts";
import { type Lie, type LyingServer, startLyingServer } from "../../support/stand-ins/lying-server.ts";

const KEY = "device:dev-a";
const RECORD = { version: 3, body: { serial: "SN-SECRET" } };
const TOKEN = "token-secret";
const FOREIGN = JSON.stringify({ key: "device:dev-b", version: 1, body: { status: "active" } });

let server: LyingServer;
beforeAll(async () => {
	server = await startLyingServer();
});
beforeEach(() => {
	server.lie = { body: "" };
	(server.requests as unknown[]).length = 0;
});
afterAll(() => server.close());

const storeAt = (url: string, timeoutMs = 5_000) => createRedisRecordStore({ url, token: TOKEN, timeoutMs });
const errorOf = (promise: Promise<unknown>) =>
	promise.then(
		(value) => `an answer: ${JSON.stringify(value)}`,
		(error: unknown) => error,
	);

/** Neither operation may take these for an answer. */
const LIES: readonly (readonly [string, Lie])[] = [
	["nothing", { body: "" }],
	["a page", { body: "<html>Welcome to the hotel</html>", contentType: "text/html" }],
	["a page with an error", { status: 502, body: "<html>Bad gateway</html>", contentType: "text/html" }],
	["half an answer", { body: '{"result":"{' }],
	["null", { body: "null" }],
	["a text", { body: '"Aborted"' }],
	["an object without a result", { body: "{}" }],
	["an empty list", { body: "[]" }],
	["a list of results", { body: '[{"result":null}]' }],
	["an aborted request as a result", { body: '{"result":"Aborted"}' }],
	["an empty object as a result", { body: '{"result":{}}' }],
	["a list as a result", { body: '{"result":[]}' }],
	["a number as a result", { body: '{"result":1}' }],
	["true as a result", { body: '{"result":true}' }],
	["an empty text as a result", { body: '{"result":""}' }],
	["OK as a result", { body: '{"result":"OK"}' }],
	["a record in base64", { body: `{"result":"${btoa(JSON.stringify({ key: KEY, version: 1, body: {} }))}"}` }],
	["another key's record", { body: JSON.stringify({ result: FOREIGN }) }],
	["an error and a result", { body: '{"result":null,"error":"ERR broken"}' }],
	["an error with status 200", { body: '{"error":"ERR broken"}' }],
	["a refusal", { status: 401, body: '{"error":"WRONGPASS invalid or missing auth token"}' }],
	["too many requests", { status: 429, body: '{"error":"ERR max requests limit exceeded"}' }],
	["a result with status 500", { status: 500, body: '{"result":null}' }],
];

describe("Redis record store", () => {
	it.each(LIES)("takes %s for no answer", async (_, lie) => {
		server.lie = lie;
		const store = storeAt(server.url);
		for (const error of [await errorOf(store.get(KEY)), await errorOf(store.put(KEY, RECORD))]) {
			expect(error).toBeInstanceOf(RecordStoreError);
			expect(error).toMatchObject({ key: KEY });
		}
	});

	it.each([
		...LIES.filter(([name]) => name !== "a list of results"),
		["too few results", { body: '[{"result":null}]' }],
		["too many results", { body: '[{"result":null},{"result":null},{"result":null}]' }],
		["lists of nothing", { body: "[null,null]" }],
		["objects without a result", { body: "[{},{}]" }],
		["numbers as results", { body: '[{"result":1},{"result":1}]' }],
		["aborted requests as results", { body: '[{"result":"Aborted"},{"result":"Aborted"}]' }],
		["errors beside results", { body: '[{"result":null,"error":"ERR a"},{"result":null,"error":"ERR b"}]' }],
		["another key's record twice", { body: JSON.stringify([{ result: FOREIGN }, { result: FOREIGN }]) }],
		["results with status 500", { status: 500, body: '[{"result":null},{"result":null}]' }],
	] as (readonly [string, Lie])[])("takes %s for no answer to a question about two", async (_, lie) => {
		server.lie = lie;
		const results = await storeAt(server.url).getMany([KEY, "heads"]);
		expect(results).toHaveLength(2);
		for (const result of results) expect(result).toBeInstanceOf(RecordStoreError);
		expect(results).toMatchObject([{ key: KEY }, { key: "heads" }]);
	});

	it("asks for many in one request, and believes each reply for itself", async () => {
		const record = JSON.stringify({ key: KEY, version: 1, body: {} });
		server.lie = { body: JSON.stringify([{ result: record }, { error: "WRONGTYPE a list" }, { result: null }]) };
		const results = await storeAt(server.url).getMany([KEY, "heads", "device:dev-b"]);
		expect(results).toMatchObject([{ version: 1, body: {} }, { code: "malformed", key: "heads" }, null]);
		expect(server.requests).toHaveLength(1);
	});

	it("takes a write that is answered like a read for no answer, and the other way round", async () => {
		server.lie = { body: '{"result":null}' };
		await expect(storeAt(server.url).put(KEY, RECORD)).rejects.toMatchObject({ code: "malformed" });
		server.lie = { body: '{"result":"stored"}' };
		await expect(storeAt(server.url).get(KEY)).rejects.toMatchObject({ code: "malformed" });
	});

	it("tells another key's record from an unreadable one", async () => {
		server.lie = { body: JSON.stringify({ result: FOREIGN }) };
		await expect(storeAt(server.url).get(KEY)).rejects.toMatchObject({ code: "foreign" });
	});

	it.each(["at once", "after the headers"] as const)(
		"gives up in time on a server that is silent %s",
		async (silent) => {
			server.lie = { silent, body: '{"result":' };
			const store = storeAt(server.url, 100);
			for (const ask of [() => store.get(KEY), () => store.put(KEY, RECORD)]) {
				const startedMs = performance.now();
				expect(await errorOf(ask())).toMatchObject({ name: "RecordStoreError", code: "unreachable", key: KEY });
				const tookMs = performance.now() - startedMs;
				expect(tookMs).toBeGreaterThan(90);
				expect(tookMs).toBeLessThan(2_000);
			}
		},
	);

	it("asks once and does not wait when nobody listens, or the line breaks", async () => {
		const gone = await startLyingServer();
		await gone.close();
		await expect(storeAt(gone.url).get(KEY)).rejects.toMatchObject({ code: "unreachable", cause: expect.any(Error) });
		server.lie = { hangUp: true, body: "" };
		await expect(storeAt(server.url).put(KEY, RECORD)).rejects.toMatchObject({ code: "unreachable" });
		expect(server.requests).toHaveLength(1);
	});

	it("sends the token and nothing about itself, and keeps both the token and the record out of errors", async () => {
		server.lie = { status: 400, body: '{"error":"ERR broken"}' };
		const error = (await errorOf(storeAt(server.url).put(KEY, RECORD))) as Error;
		const [request] = server.requests;
		expect(request?.headers["authorization"]).toBe(`Bearer ${TOKEN}`);
		expect(request?.body).toContain("SN-SECRET");
		expect(Object.keys(request?.headers ?? {}).filter((name) => name.startsWith("upstash"))).toEqual([]);
		const told = `${error.stack} ${(error.cause as Error).stack}`;
		expect(told).toContain("UpstashError: ERR broken");
		expect(told).not.toMatch(/SN-SECRET|token-secret/);
	});
});
