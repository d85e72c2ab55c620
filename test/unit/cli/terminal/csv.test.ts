// What a device says stands in a spreadsheet as it was said, and is carried out by none.
import { expect, it } from "vitest";
import { csvLine } from "../../../../cli/terminal/csv.ts";

it.each([
	["=1+1", "'=1+1"],
	["+1", "'+1"],
	["-1", "'-1"],
	["@SUM(A1)", "'@SUM(A1)"],
	["\t=1", "'\t=1"],
	["\r=1", '"\'\r=1"'],
	["\n=1", '"\'\n=1"'],
	["\uff1d1+1", "'\uff1d1+1"],
	["\uff20SUM(A1)", "'\uff20SUM(A1)"],
	["a=1", "a=1"],
	[null, ""],
])("%j is written as %j", (value, cell) => {
	expect(csvLine([value])).toBe(cell);
});
