// A log line is one line of JSON with short values, and nobody can forge a second one from inside a value.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatLogLine, newRequestEvent } from "../../../src/telemetry/request-event.ts";

const AT = Date.parse("2026-11-20T12:00:00.123Z");
const ID = "0f8fad5b-d9cb-469f-a165-70867728950e";
const parse = (line: string) => JSON.parse(line) as Record<string, unknown>;

describe("a log line", () => {
	it("has the time, the request's id and what is known of it, and nothing that is not", () => {
		const event = {
			...newRequestEvent("GET", null, null),
			route: "/v1/check",
			status: 200,
			fromVersion: "1.0",
			durationMs: 3,
		};
		expect(formatLogLine(event, ID, "v1", AT)).toBe(
			`{"time":"2026-11-20T12:00:00.123Z","request_id":"${ID}","version":"v1","route":"/v1/check","method":"GET","status":200,"from_version":"1.0","duration_ms":3}`,
		);
	});

	it("says of a request that met no route just that", () => {
		expect(parse(formatLogLine(newRequestEvent("PATCH", null, null), ID, "v1", AT))).toMatchObject({
			route: "unmatched",
			method: "PATCH",
		});
	});

	it("is one line of JSON with short values, whatever the fields hold", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
				const line = formatLogLine(
					{ ...newRequestEvent("GET", null, null), reason: text, product: text },
					ID,
					"v1",
					AT,
				);
				// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
				expect(line).not.toMatch(/[\u0000-\u001f]/);
				expect(String(parse(line)["reason"] ?? "").length).toBeLessThanOrEqual(128);
				expect(Object.keys(parse(line)).length).toBeLessThanOrEqual(7);
			}),
		);
	});

	it("cannot be forged from inside a value", () => {
		const forged = 'x"}\r\n{"level":"admin"}\u001b[2J';
		const line = formatLogLine({ ...newRequestEvent("GET", null, null), outcome: forged }, ID, "v1", AT);
		expect(line.split(/[\r\n]/)).toHaveLength(1);
		expect(parse(line)).toMatchObject({ outcome: forged });
	});
});
