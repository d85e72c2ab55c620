// Which requests the history tells of, and what it says of them.
import { describe, expect, it, test } from "vitest";
import { faultOf } from "../../../src/history/fields.ts";
import { CHECK_WEIGHT, createCheckSample, WRITTEN_EACH_HOUR } from "../../../src/telemetry/check-sample.ts";
import { historyRow } from "../../../src/telemetry/history-row.ts";
import { newRequestEvent, type RequestEvent } from "../../../src/telemetry/request-event.ts";

const AT = Date.UTC(2026, 10, 28, 22, 0, 1, 5);
const CERTAIN = { id: () => "row-1", version: "v1", weighCheck: () => 1 };

function requestOf(method: string, route: string, more: Partial<RequestEvent> = {}): RequestEvent {
	return { ...newRequestEvent(method, "BR", "GRU", 64_500), route, status: 200, ...more };
}

test.each([
	["POST", "/oauth2/token", "token"],
	["GET", "/v1/check", "check"],
	["POST", "/v1/permits", "permit"],
	["GET", "/d/:sha256/:name", "download"],
	["POST", "/v1/reports", "report"],
	["POST", "/oauth2/register", "activation"],
	["DELETE", "/oauth2/register/:client_id", "deactivation"],
])("%s %s is told as %s, and refused as a refusal", (method, route, kind) => {
	expect(historyRow(requestOf(method, route), AT, CERTAIN)).toMatchObject({ kind, asked: null });
	const refused = requestOf(method, route, { status: 429, problem: "rate_limited" });
	expect(historyRow(refused, AT, CERTAIN)).toMatchObject({
		kind: "refusal",
		asked: kind,
		weight: 1,
		problem: "rate_limited",
	});
});

it("a permit that is refused because the device's turn has not come is a wait, and no refusal", () => {
	const waiting = requestOf("POST", "/v1/permits", { status: 403, problem: "exposure_limited" });
	const row = historyRow(waiting, AT, CERTAIN);
	expect(row).toMatchObject({ kind: "wait", asked: "permit", status: 403, problem: "exposure_limited" });
	expect(faultOf(row ?? {})).toBeNull();
});

test.each([
	["GET", "/v1/accounts/:account"],
	["POST", "/v1/products"],
	["HEAD", "/d/:sha256/:name"],
	["GET", "unmatched"],
])("%s %s is not told", (method, route) => expect(historyRow(requestOf(method, route), AT, CERTAIN)).toBeNull());

it("a permit is told with all that the request knew, and fits the schema", () => {
	const event = requestOf("POST", "/v1/permits", {
		...{ status: 201, device: "0123456789abcdef", account: "abcdefghij", product: "rules" },
		...{ fromVersion: "4.26", toVersion: "4.27", step: "canary", outcome: "permitted", durationMs: 7.6 },
	});
	const row = historyRow(event, AT, CERTAIN);
	expect(faultOf(row ?? {})).toBeNull();
	expect(row).toEqual({
		...{ schema_version: 1, id: "row-1", time: "2026-11-28T22:00:01.005Z", kind: "permit", asked: null, weight: 1 },
		...{
			status: 201,
			problem: null,
			reason: null,
			device: "0123456789abcdef",
			account: "abcdefghij",
			product: "rules",
		},
		...{ from_version: "4.26", to_version: "4.27", step: "canary", outcome: "permitted", detail: null },
		...{ country: "BR", asn: 64_500, colo: "GRU", worker_version: "v1", duration_ms: 8, bytes: 0, degraded_seconds: 0 },
	});
});

describe("of checks", () => {
	it.each(["unchanged", "offered", "current"])(
		"that end with %s the first of an hour are told, then one in a hundred, and the weights add up",
		(outcome) => {
			let rolled = 0;
			const dice = { ...CERTAIN, weighCheck: createCheckSample(() => (rolled++ % 1_000) / 1_000) };
			const rows = Array.from({ length: 10_000 + WRITTEN_EACH_HOUR }, () =>
				historyRow(requestOf("GET", "/v1/check", { outcome }), AT, dice),
			);
			const told = rows.filter((row) => row !== null);
			expect(told).toHaveLength(WRITTEN_EACH_HOUR + 10_000 / CHECK_WEIGHT);
			expect(told.reduce((sum, { weight }) => sum + weight, 0)).toBe(WRITTEN_EACH_HOUR + 10_000);
		},
	);

	it("each of a small fleet is told, hour after hour, also after the clock was set back", () => {
		const weighCheck = createCheckSample(() => 0.999);
		const told = (hour: number) =>
			Array.from({ length: WRITTEN_EACH_HOUR + 1 }, () => weighCheck(AT + hour * 3_600_000)).filter((one) => one === 1);
		for (const hour of [0, 1, 5, 4]) expect(told(hour)).toHaveLength(WRITTEN_EACH_HOUR);
	});

	it("each that is refused is told", () => {
		const refused = requestOf("GET", "/v1/check", { status: 401, problem: "unauthenticated" });
		expect(historyRow(refused, AT, { ...CERTAIN, weighCheck: () => 0 })).toMatchObject({ kind: "refusal", weight: 1 });
	});
});

it("who acted for the operator, the key and the request's id are not told", () => {
	const event = requestOf("POST", "/v1/reports", { subject: "somebody@example.com", key: "key-1" });
	expect(JSON.stringify(historyRow(event, AT, CERTAIN))).not.toMatch(/somebody|key-1/);
});

it("a clock that was set back, and an installed version that is a book, still make a row that fits", () => {
	const event = requestOf("POST", "/v1/permits", {
		durationMs: -5,
		bytes: Number.NaN,
		fromVersion: "4\n".repeat(9_999),
	});
	const row = historyRow(event, AT, CERTAIN);
	expect(faultOf(row ?? {})).toBeNull();
	expect(row).toMatchObject({ duration_ms: 0, bytes: 0, from_version: "4?".repeat(32) });
});
