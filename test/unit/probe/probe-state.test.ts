// When somebody is called because a probe fails, and when that is over.
import fc from "fast-check";
import { expect, it } from "vitest";
import { heed, type ProbeState } from "../../../src/probe/probe-state.ts";
import type { ProbeResult } from "../../../src/probe/run-probe.ts";

const WELL: ProbeResult = { failed: null, code: null, ms: 10 };
const BAD: ProbeResult = { failed: "check", code: "no_offer", ms: 10 };

/** @returns what each probe of the row tells: F failed, R recovered, . nothing */
function tell(row: string): string {
	let state: ProbeState | null = null;
	return [...row]
		.map((one, index) => {
			const heeded = heed(state, one === "x" ? BAD : WELL, index);
			state = heeded.state;
			return heeded.news === null ? "." : heeded.news === "service.probe_failed" ? "F" : "R";
		})
		.join("");
}

it.each([
	["oooo", "...."],
	["x", "."],
	["xox", "..."],
	["xx", ".F"],
	["oxxx", "..F."],
	["xxox", ".F.."],
	["xxoo", ".F.R"],
	["xxooxoxx", ".F.R...F"],
])("%s: %s", (row, told) => expect(tell(row)).toBe(told));

it("tells of failures and ends of them in turn, each after two in a row", () => {
	fc.assert(
		fc.property(fc.array(fc.constantFrom("x", "o"), { maxLength: 60 }), (row) => {
			const told = tell(row.join(""));
			const news = told.replaceAll(".", "");
			expect(news).toMatch(/^(FR)*F?$/);
			for (const [index, one] of [...told].entries())
				if (one !== ".") expect(row.slice(index - 1, index + 1)).toEqual(one === "F" ? ["x", "x"] : ["o", "o"]);
		}),
	);
});
