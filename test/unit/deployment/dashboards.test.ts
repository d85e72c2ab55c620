// Dashboards ask for columns and values that the service writes: nobody would see in a panel that stays empty what is wrong with it.
import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { newRequestEvent } from "../../../src/telemetry/request-event.ts";
import { createAnalyticsEngineSink } from "../../../src/telemetry/sink.ts";

const dashboard = z.object({
	title: z.string(),
	uid: z.string(),
	panels: z
		.array(
			z.object({
				id: z.int(),
				title: z.string(),
				datasource: z.object({ uid: z.string().regex(/^\$\{DS_ANALYTICS_ENGINE\}$/) }),
				targets: z.array(z.object({ query: z.string() })).length(1),
			}),
		)
		.min(1),
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

const WRITTEN = writtenColumns();
const TABLE = /^dataset = "(\w+)"/m.exec(readFileSync("wrangler.toml", "utf8"))?.[1];

describe.each(globSync("infra/grafana/*.json"))("%s", (file) => {
	const { panels } = dashboard.parse(JSON.parse(readFileSync(file, "utf8")));

	it.each(panels.map(({ title, targets }) => [title, targets[0]?.query ?? ""]))(
		"%s asks for what is written",
		(_, query) => {
			const asked = query.match(/\b(blob|double|index)\d+\b|\b_sample_interval\b/g) ?? [];
			expect(asked.length).toBeGreaterThan(0);
			for (const column of asked) expect(WRITTEN).toContain(column);
			expect(query).toContain(`FROM ${TABLE} WHERE $timeFilter`);
			// Points are sampled by the platform and by the service: who counts rows counts wrong.
			expect(query).toContain("_sample_interval * double5");
			expect(query).not.toMatch(/count\(/i);
		},
	);

	it("each panel has an id of its own", () => expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length));
});
