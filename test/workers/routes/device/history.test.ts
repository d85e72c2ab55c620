// What a device's day leaves in the history: rows in the bucket, with what each request knew, and no secret.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { Edge } from "../../support/edge.ts";
import { newScene, type Scene } from "../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../support/frozen-clock.ts";

const { timeAfter } = useFrozenClock();

let scene: Scene;
beforeEach(async () => {
	for (const { key } of (await env.HISTORY.list()).objects) await env.HISTORY.delete(key);
	scene = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
});
afterEach(() => {
	vi.restoreAllMocks();
});

async function rowsIn(bucket: R2Bucket): Promise<Record<string, unknown>[]> {
	const rows: Record<string, unknown>[] = [];
	for (const { key } of (await bucket.list({ prefix: "events/" })).objects) {
		const body = (await bucket.get(key))?.body.pipeThrough(new DecompressionStream("gzip"));
		const text = await new Response(body).text();
		rows.push(
			...text
				.trimEnd()
				.split("\n")
				.map((line) => JSON.parse(line)),
		);
	}
	return rows;
}

/** Activation is the scene's; then token, check, permit, download, report and what is refused. */
async function liveADay(edge: Edge): Promise<{ secrets: string[] }> {
	const { firewall, product } = scene;
	await edge.authenticate(firewall);
	const { url, permit } = await edge.permitted(firewall, product);
	await (await edge.download(url)).arrayBuffer();
	const body = { permit, outcome: "failed", detail: "digest_mismatch" };
	expect((await edge.sendJson("POST", "/v1/reports", firewall.accessToken, body)).status).toBe(202);
	expect((await edge.sendJson("POST", "/v1/permits", firewall.accessToken, { offer: "forged" })).status).toBe(403);
	return { secrets: [firewall.accessToken, permit, url, firewall.clientId] };
}

/** Writes rows behind the answer that each is about. */
const AT_ONCE = { HISTORY_SINK: "r2", HISTORY_GATHER_SECONDS: "0" };

describe("with HISTORY_SINK r2", () => {
	test("each thing that a device does is a row, refusals too, in which it has its pseudonym", async () => {
		const edge = new Edge("kv", AT_ONCE);
		const { secrets } = await liveADay(edge);
		await edge.settled();
		const rows = await rowsIn(env.HISTORY);
		const told = rows.map(({ kind, weight, asked = null, outcome = null, product = null }) => ({
			...{ kind, weight, asked, outcome, product },
		}));
		const event = { weight: 1, asked: null, outcome: null, product: null };
		expect(told).toHaveLength(6);
		expect(told).toEqual(
			expect.arrayContaining([
				{ ...event, kind: "token" },
				{ ...event, kind: "check", outcome: "offered", product: scene.product },
				{ ...event, kind: "permit", outcome: "permitted", product: scene.product },
				{ ...event, kind: "download" },
				{ ...event, kind: "report", outcome: "failed", product: scene.product },
				{ ...event, kind: "refusal", asked: "permit" },
			]),
		);
		const permit = rows.find(({ kind }) => kind === "permit");
		expect(rows.find(({ kind }) => kind === "token")?.["device"]).toBe(permit?.["device"]);
		expect(rows.find(({ kind }) => kind === "download")?.["device"]).toBe(String(permit?.["device"]).slice(0, 8));
		expect(rows.find(({ kind }) => kind === "report")).toMatchObject({ detail: "digest_mismatch", schema_version: 1 });
		const text = JSON.stringify(rows);
		for (const secret of [...secrets, ...Object.values(TEST_SECRETS)]) expect(text).not.toContain(secret);
	});

	test("a bucket that fails, or never answers, fails no request", async () => {
		const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
		const put = () => Promise.reject(new Error("R2 is down"));
		const failing = new Edge("kv", { ...AT_ONCE, HISTORY: { put } });
		await liveADay(failing);
		await failing.settled();
		expect(warn.mock.calls.flat().join("\n")).toMatch(/history: \d events could not be written yet/);
		const silent = new Edge("kv", { ...AT_ONCE, HISTORY: { put: () => new Promise(() => {}) } });
		expect((await silent.token(scene.firewall)).status).toBe(200);
	});
});

test("with HISTORY_SINK off nothing is written", async () => {
	const edge = new Edge("kv", { ...AT_ONCE, HISTORY_SINK: "off" });
	await liveADay(edge);
	await edge.settled();
	expect((await env.HISTORY.list()).objects).toEqual([]);
});

test("with HISTORY_SINK pipelines and no stream the service says what is missing", async () => {
	const error = vi.spyOn(console, "error").mockImplementation(() => {});
	const answer = await new Edge("kv", { HISTORY_SINK: "pipelines" }).get(scene.firewall, "/v1/check");
	expect(answer.status).toBe(503);
	expect(error.mock.calls.flat().join("\n")).toContain(
		"HISTORY_SINK is pipelines, and there is no stream HISTORY_STREAM",
	);
});
