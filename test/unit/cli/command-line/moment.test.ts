// Points in time as people type them.
import { expect, it } from "vitest";
import { parseMoment } from "../../../../cli/command-line/moment.ts";

const NOW_MS = Date.parse("2026-11-20T12:00:00Z");

it.each([
	["30d", "2026-12-20T12:00:00Z"],
	["+90m", "2026-11-20T13:30:00Z"],
	["2027-01-31", "2027-01-31T00:00:00Z"],
	["2027-01-31T10:00:00+01:00", "2027-01-31T09:00:00Z"],
	["2028-02-29T12:00:00Z", "2028-02-29T12:00:00Z"],
	["2027-02-28T12:00+02:00", undefined],
	["2027-02-31", undefined],
	["2027-02-29", undefined],
	["2027-02-31T00:00:00Z", undefined],
	["2027-02-30T12:00+02:00", undefined],
	["2027-04-31T00:00:00+01:00", undefined],
	["2027-01-01T24:00:00Z", undefined],
	["2027-01-01T10:60:00Z", undefined],
	["2027-13-01", undefined],
	["2027-01-01T10:00:00", undefined],
	["tomorrow", undefined],
])("reads %s as %s", (text, expected) => {
	expect(parseMoment(text, NOW_MS)).toBe(expected);
});
