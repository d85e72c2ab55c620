// The screen of traffic, of all countries and of one.
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { lostRow } from "../../../src/telemetry/history-row.ts";
import { createR2HistoryWriter } from "../../../src/telemetry/r2-history.ts";
import { Edge } from "../support/edge.ts";
import { Browser } from "./browser.ts";

test("how many downloads failed in Brazil, and with what code, is one address", async () => {
	const now = Date.now();
	let made = 0;
	const failed = { kind: "refusal" as const, asked: "download", status: 403, problem: "signed_url_expired" };
	const row = (country: string) => ({
		...lostRow(3, now - 1_000, { id: () => `row-${country}-${made++}`, version: "v1" }),
		...failed,
		country,
	});
	await createR2HistoryWriter(env.HISTORY)({ name: `${now - 500}-isolate-0`, rows: [row("BR"), row("DE")] });
	const { cookie } = await new Browser().signIn();
	const edge = new Edge("kv", { HISTORY_SINK: "r2" });
	const get = (path: string) => edge.send(path, { headers: { cookie: cookie ?? "", accept: "text/html" } });
	const read = async (path: string) => (await get(path)).text();
	const all = await read("/console/traffic?minutes=60");
	expect(all).toContain('<a href="/console/traffic?minutes=60&amp;country=BR">Brazil</a>');
	const brazil = await read("/console/traffic?minutes=60&country=br");
	expect(brazil).toMatch(
		/download<\/th><td><span class="mark amber">403<\/span><\/td><td><a [^>]*>signed_url_expired<\/a><\/td><td>3</,
	);
	for (const text of ["Of what came from Brazil alone", 'name="minutes" value="60"', ">Germany</a>"])
		expect(brazil).toContain(text);
	expect((await get("/console/traffic?country=Brazil")).status).toBe(422);
});
