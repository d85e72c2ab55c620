// What a row of the history may hold.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { boundText, faultOf, HISTORY_FIELDS } from "../../../src/history/fields.ts";
import { lostRow } from "../../../src/telemetry/history-row.ts";

const ROW = lostRow(1, Date.UTC(2026, 10, 28), { id: () => "row", version: "v1" });

describe("a row", () => {
	it("fits as it is made", () => expect(faultOf(ROW)).toBeNull());

	test.each([
		["an unknown column", { colour: "red" }, "colour is no column"],
		["a missing column", { id: undefined }, "id is no text"],
		["null where there must be something", { kind: null }, "kind is null"],
		["a text that is too long", { country: "x".repeat(9) }, "country is too long"],
		["a number with a part", { bytes: 1.5 }, "bytes is no whole number"],
		["a negative number", { duration_ms: -1 }, "duration_ms is no whole number"],
		["a number as text", { status: "200" }, "status is no whole number"],
		["a time in seconds", { time: "2026-11-28T00:00:00Z" }, "time is no time"],
	])("with %s does not", (_, change, fault) => expect(faultOf({ ...ROW, ...change })).toBe(fault));

	test.each([
		["longest text", { country: "x".repeat(8) }],
		["nothing where that may be", { country: null, asn: null }],
		["zero", { bytes: 0 }],
	])("with the %s does", (_, change) => expect(faultOf({ ...ROW, ...change })).toBeNull());
});

it("whatever a client sends, its bounded text fits the column and is the same once it was JSON", () => {
	const texts = HISTORY_FIELDS.filter((field) => field.type === "text").map(({ name }) => name);
	const hostile = fc.oneof(
		fc.string({ unit: "binary", maxLength: 300 }),
		fc.string({ maxLength: 10 }).map((text) => `\ud800\0\n${text}`),
	);
	fc.assert(
		fc.property(fc.constantFrom(...texts), hostile, (name, text) => {
			const bounded = boundText(text, name);
			expect(faultOf({ ...ROW, [name]: bounded })).toBeNull();
			expect(bounded.isWellFormed()).toBe(true);
			expect(bounded).not.toMatch(/\p{Cc}/u);
			expect(JSON.parse(JSON.stringify(bounded))).toBe(bounded);
		}),
	);
});
