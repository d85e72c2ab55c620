// Dashboards ask for columns and values that the service writes: nobody would see in a panel that stays empty what is wrong with it.
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { EVENT_KINDS } from "../../../src/history/fields.ts";
import { newRequestEvent } from "../../../src/telemetry/request-event.ts";
import { createAnalyticsEngineSink } from "../../../src/telemetry/sink.ts";
import { rowAt } from "../../support/history-folder.ts";
import { ACCOUNT, type BasinStandIn, BUCKET, startBasin, TOKEN } from "../cli/support/basin-stand-in.ts";

const input = z.object({ name: z.string(), type: z.enum(["datasource", "constant"]) });
const panelOf = <Target extends z.ZodType>(uid: RegExp, target: Target) =>
	z.object({
		id: z.int(),
		title: z.string(),
		type: z.enum(["timeseries", "table"]),
		datasource: z.object({ uid: z.string().regex(uid) }),
		targets: z.tuple([target]),
	});
const dashboardOf = <Panel extends z.ZodType>(panel: Panel) =>
	z.object({ title: z.string(), uid: z.string(), __inputs: z.array(input), panels: z.array(panel).min(1) });

const pointsDashboard = dashboardOf(panelOf(/^\$\{DS_ANALYTICS_ENGINE\}$/, z.object({ query: z.string() })));
/** A request of the Infinity plugin, whose answer's rows become a frame. */
const historyDashboard = dashboardOf(
	panelOf(
		/^\$\{DS_BASIN\}$/,
		z.object({
			type: z.literal("json"),
			source: z.literal("url"),
			parser: z.literal("backend"),
			format: z.enum(["timeseries", "table"]),
			url: z.string(),
			url_options: z.object({
				method: z.literal("POST"),
				body_type: z.literal("raw"),
				body_content_type: z.literal("application/json"),
				data: z.string(),
			}),
			root_selector: z.literal("result.rows"),
			columns: z.array(z.object({ selector: z.string(), type: z.enum(["timestamp", "string", "number"]) })),
		}),
	),
);

const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
const files = globSync("infra/grafana/*.json");

it("each file is a dashboard of one of the two sources, with names and ids of its own", () => {
	const dashboards = files.map((file) => z.union([pointsDashboard, historyDashboard]).parse(read(file)));
	expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(files.length);
	for (const { panels } of dashboards) expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});

/** As many of each kind as the service writes. */
function writtenColumns(): Set<string> {
	const columns = new Set(["timestamp", "_sample_interval", "index1"]);
	const writeDataPoint = (point?: AnalyticsEngineDataPoint) => {
		for (const at of (point?.blobs ?? []).keys()) columns.add(`blob${at + 1}`);
		for (const at of (point?.doubles ?? []).keys()) columns.add(`double${at + 1}`);
	};
	createAnalyticsEngineSink({ writeDataPoint }, "v1", () => 0).record(newRequestEvent("GET", null, null));
	return columns;
}

describe("points of Analytics Engine", () => {
	const written = writtenColumns();
	const table = /^dataset = "(\w+)"/m.exec(readFileSync("wrangler.toml", "utf8"))?.[1];
	const { panels } = pointsDashboard.parse(read("infra/grafana/requests.json"));

	it.each(panels.map(({ title, targets }) => [title, targets[0].query] as const))(
		"%s asks for what is written",
		(_, query) => {
			const asked = query.match(/\b(blob|double|index)\d+\b|\b_sample_interval\b/g) ?? [];
			expect(asked.length).toBeGreaterThan(0);
			for (const column of asked) expect(written).toContain(column);
			expect(query).toContain(`FROM ${table} WHERE $timeFilter`);
			// Points are sampled by the platform and by the service: who counts rows counts wrong.
			expect(query).toContain("_sample_interval * double5");
			expect(query).not.toMatch(/count\(/i);
		},
	);
});

describe("the history by Basin SQL", () => {
	const { panels, __inputs: inputs } = historyDashboard.parse(read("infra/grafana/history.json"));
	const given: Readonly<Record<string, string>> = {
		VAR_ACCOUNT: ACCOUNT,
		VAR_BUCKET: BUCKET,
		"__from:date:iso": "2026-11-20T00:00:00.000Z",
		"__to:date:iso": "2026-11-21T00:00:00.000Z",
	};
	/** As Grafana puts values in. */
	const filled = (text: string) => text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => given[name] ?? `no ${name}`);

	let folder: string;
	let basin: BasinStandIn;
	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "parapet-dashboards-"));
		const crs = { product: "crs", to_version: "4.27.0" };
		basin = await startBasin(folder, [
			rowAt("2026-11-20T10:00:00.000Z", { kind: "download", bytes: 5_000 }),
			rowAt("2026-11-20T10:10:00.000Z", { ...crs, kind: "report", outcome: "failed", detail: "disk" }),
			rowAt("2026-11-20T10:20:00.000Z", { kind: "refusal", asked: "token", status: 503, problem: "unavailable" }),
			rowAt("2026-11-20T10:30:00.000Z", { ...crs, kind: "wait", asked: "permit", status: 403 }),
			rowAt("2026-11-20T10:40:00.000Z", { kind: "lost", weight: 7 }),
			// Of another day.
			rowAt("2026-11-21T00:00:00.000Z", { ...crs, kind: "report", outcome: "failed", detail: "memory", bytes: 1 }),
		]);
	});
	afterAll(async () => {
		await basin.close();
		rmSync(folder, { recursive: true });
	});

	it("asks who imports it for whatever is not of Grafana", () => {
		const text = readFileSync("infra/grafana/history.json", "utf8");
		const names = new Set([...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name));
		expect(names).toEqual(new Set(inputs.map(({ name }) => name)));
		// The token is the data source's.
		expect(text).not.toMatch(/bearer|authorization/i);
	});

	it.each(panels.map(({ title, type, targets }) => [title, type, targets[0]] as const))(
		"%s is answered within its time, in the columns that it draws",
		async (_, type, target) => {
			const { query } = z.object({ query: z.string() }).parse(JSON.parse(target.url_options.data));
			expect(target.format).toBe(type);
			// Rows have weights: who counts rows counts wrong.
			expect(query).not.toMatch(/count\(/i);
			expect(query).toMatch(/ LIMIT \d+$/);
			const kinds = [...query.matchAll(/kind (?:=|<>) '(\w+)'/g)].map(([, kind]) => kind);
			expect(Object.keys(EVENT_KINDS)).toEqual(expect.arrayContaining(kinds));

			const { hostname, pathname } = new URL(filled(target.url));
			expect(hostname).toBe("api.sql.cloudflarestorage.com");
			const answer = await fetch(`${basin.url}${pathname}`, {
				method: "POST",
				headers: { authorization: `Bearer ${TOKEN}` },
				body: filled(target.url_options.data),
			});
			const { errors, result } = (await answer.json()) as {
				errors: unknown;
				result: { schema: { name: string }[]; rows: Record<string, unknown>[] };
			};
			expect([answer.status, errors]).toEqual([200, []]);
			expect(result.schema.map(({ name }) => name)).toEqual(target.columns.map(({ selector }) => selector));
			expect(result.rows.length).toBeGreaterThan(0);
			for (const { selector, type: as } of target.columns) {
				const wanted = as === "number" ? "number" : "string";
				for (const row of result.rows) expect([selector, typeof row[selector]]).toEqual([selector, wanted]);
			}
			const shown = JSON.stringify(result.rows);
			expect(shown).not.toMatch(/2026-11-21|memory/);
		},
	);
});
