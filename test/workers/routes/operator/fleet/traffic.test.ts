// What devices asked for in the last minutes, from the newest files of the history, and never more of them than is read in a moment.
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { HistoryRow } from "../../../../../src/history/fields.ts";
import { hourFile } from "../../../../../src/history/hour-files.ts";
import { lostRow } from "../../../../../src/telemetry/history-row.ts";
import { createR2HistoryWriter } from "../../../../../src/telemetry/r2-history.ts";
import { operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";

interface Traffic {
	sink: string;
	files: number;
	files_read: number;
	country: string | null;
	countries: unknown[];
	events: number;
	minutes: { at: string }[];
}

const write = createR2HistoryWriter(env.HISTORY);
let made = 0;

function rowAt(ms: number): HistoryRow {
	const origin = { id: () => `row-${made++}`, version: "v1" };
	return { ...lostRow(1, ms, origin), kind: "token", status: 200, country: "BR" };
}

/** A file as an isolate writes it. */
async function writeFile(ms: number, rows: readonly HistoryRow[]): Promise<void> {
	await write({ name: `${ms}-isolate-${made++}`, rows });
}

async function ask(edge: Edge, query = ""): Promise<Traffic> {
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "reader", scopes: ["read"] });
	const answer = await edge.sendJson("GET", `/v1/history/traffic${query}`, key);
	expect(answer.status).toBe(200);
	return answer.json();
}

test("the events of the last minutes are counted, older ones and files that are damaged are not", async () => {
	const now = Date.now();
	const edge = new Edge("kv", { HISTORY_SINK: "r2" });
	await writeFile(now - 50 * 60_000, [rowAt(now - 50 * 60_000)]);
	const before = await ask(edge);
	await writeFile(now - 5_000, [rowAt(now - 15_000), rowAt(now - 20_000)]);
	await env.HISTORY.put(hourFile(new Date(now).toISOString().slice(0, 13), `${now}-damaged-0`), "no gzip");
	const after = await ask(edge);
	expect([after.sink, after.files - before.files, after.events - before.events]).toEqual(["r2", 2, 2]);
	expect((await ask(edge, "?minutes=60")).events - after.events).toBe(1);
});

test("of one country alone", async () => {
	const now = Date.now();
	const edge = new Edge("kv", { HISTORY_SINK: "r2" });
	await writeFile(now - 2_000, [rowAt(now - 2_000), { ...rowAt(now - 2_000), country: "AQ" }]);
	const all = await ask(edge);
	const found = await ask(edge, "?country=AQ");
	expect([found.country, found.events, found.countries]).toEqual(["AQ", 1, all.countries]);
	expect(all.country).toBe(null);
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "reader", scopes: ["read"] });
	await expectProblem(await edge.sendJson("GET", "/v1/history/traffic?country=Brazil", key), "invalid_request");
});

test("of many files the newest are read", async () => {
	const now = Date.now();
	for (let index = 0; index < 70; index++) await writeFile(now - 1_000 - index, [rowAt(now - 1_000)]);
	const { files, files_read: read } = await ask(new Edge("kv", { HISTORY_SINK: "r2" }), "?minutes=1");
	expect([files >= 70, read]).toEqual([true, 60]);
});

test("without files it says where the history goes", async () => {
	expect(await ask(new Edge("kv", { HISTORY_SINK: "off" }))).toMatchObject({ sink: "off", files: 0, events: 0 });
});

test("a bucket that does not answer is an outage that passes", async () => {
	const list = () => Promise.reject(new Error("R2 is down"));
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "reader", scopes: ["read"] });
	const edge = new Edge("kv", { HISTORY_SINK: "r2", HISTORY: { list } });
	await expectProblem(await edge.sendJson("GET", "/v1/history/traffic", key), "unavailable");
});
