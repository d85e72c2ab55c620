// How a record is written in a store. The form is pinned, because stores hold records from before a deployment.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRecord, isRevisionKey, parseRecord, revisionOf, seriesOf } from "../../../src/storage/record-store.ts";

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

	it.each([
		[0, true],
		[1, true],
		[Number.MAX_SAFE_INTEGER, true],
		[-1, false],
		[1.5, false],
		[Number.MAX_SAFE_INTEGER + 1, false],
		["1", false],
		[null, false],
	])("may have the version %j: %j", (version, isGood) => {
		const read = () => parseRecord("heads", JSON.stringify({ key: "heads", version, body: null }));
		if (isGood) expect(read().version).toBe(version);
		else expect(read).toThrow(expect.objectContaining({ code: "malformed", key: "heads" }));
	});

	it("tells revisions, which never change, from records that do", () => {
		expect(isRevisionKey("product:crs@12")).toBe(true);
		expect(isRevisionKey("denied@1")).toBe(true);
		expect(isRevisionKey("device:dev-0000000000-0000000000000000")).toBe(false);
		expect(isRevisionKey("heads")).toBe(false);
	});

	it.each([
		["product:crs@12", "product:crs", 12],
		["product:crs@0", "product:crs", 0],
		["denied@1", "denied", 1],
		["device:dev-0000000000-0000000000000000", "device:dev-0000000000-0000000000000000", 0],
		["heads", "heads", 0],
	])("takes %s for the record %s in the revision %d", (key, series, revision) => {
		expect(seriesOf(key)).toBe(series);
		expect(revisionOf(key)).toBe(revision);
	});
});
