import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRecord, isRevisionKey, parseRecord } from "../../../src/storage/record-store.ts";

describe("the stored form of a record", () => {
	it("is this, for ever", () => {
		expect(formatRecord("device:dev-a", { version: 3, body: { status: "active" } })).toBe(
			'{"key":"device:dev-a","version":3,"body":{"status":"active"}}',
		);
	});

	it("survives the way there and back", () => {
		fc.assert(
			fc.property(fc.string(), fc.nat(), fc.jsonValue(), (key, version, body) => {
				const text = formatRecord(key, { version, body });
				const bytes = text.length;
				expect(parseRecord(key, text)).toEqual({ version, body: JSON.parse(JSON.stringify(body)), bytes });
			}),
		);
	});

	it("tells revisions, which never change, from records that do", () => {
		expect(isRevisionKey("product:crs@12")).toBe(true);
		expect(isRevisionKey("denied@1")).toBe(true);
		expect(isRevisionKey("device:dev-0000000000-0000000000000000")).toBe(false);
		expect(isRevisionKey("heads")).toBe(false);
	});
});
