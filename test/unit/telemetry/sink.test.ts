// Which requests write a data point, and for how many each stands.
import { expect, test } from "vitest";
import { newRequestEvent, type RequestEvent } from "../../../src/telemetry/request-event.ts";
import { createAnalyticsEngineSink, SAMPLED_WEIGHT } from "../../../src/telemetry/sink.ts";

/** @returns the weights of the points that so many requests with that outcome write, with dice that fall evenly */
function weightsOf(outcome: string | null, requests: number, about: Partial<RequestEvent> = {}): number[] {
	const weights: number[] = [];
	let rolled = 0;
	const sink = createAnalyticsEngineSink(
		{ writeDataPoint: (point) => void weights.push(point?.doubles?.[4] ?? 0) },
		"version",
		() => (rolled++ % 100) / 100,
	);
	for (let request = 0; request < requests; request++) {
		sink.record({ ...newRequestEvent("GET", null, null), route: "/v1/check", outcome, ...about });
	}
	return weights;
}

test.each(["current", "refused", "permitted", null])("each request that ends with %s writes a point", (outcome) =>
	expect(weightsOf(outcome, 100)).toEqual(Array(100).fill(1)),
);

test.each(["unchanged", "offered"])("of checks that end with %s one in ten does, and the weights add up", (outcome) => {
	const weights = weightsOf(outcome, 1_000);
	expect(weights).toHaveLength(1_000 / SAMPLED_WEIGHT);
	expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(1_000);
});

test("of tokens that were given one in ten does, and each that was refused", () => {
	const token = { route: "/oauth2/token", method: "POST" };
	expect(weightsOf(null, 100, { ...token, status: 200 })).toEqual(Array(10).fill(SAMPLED_WEIGHT));
	expect(weightsOf(null, 100, { ...token, status: 400 })).toEqual(Array(100).fill(1));
});

test("a point names the version of the Worker, last of its texts", () => {
	const points: AnalyticsEngineDataPoint[] = [];
	const sink = createAnalyticsEngineSink({ writeDataPoint: (point) => void points.push(point ?? {}) }, "version-1");
	sink.record({ ...newRequestEvent("GET", null, null), route: "/v1/check", detail: "disk" });
	expect(points.map(({ blobs }) => blobs?.slice(11))).toEqual([["disk", "version-1"]]);
});
