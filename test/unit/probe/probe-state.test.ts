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
	["xoxox", "....F"],
	["xoooxoooox", ".........F"],
	["xooooxooooox", "............"],
	["xxooooo", ".F....."],
	["xxoooooo", ".F.....R"],
	["xxoooooxoooooo", ".F...........R"],
	["xxooooooxx", ".F.....R.F"],
])("%s: %s", (row, told) => expect(tell(row)).toBe(told));

it("tells of failures and ends of them in turn, and of no end within half an hour of a failure", () => {
	fc.assert(
		fc.property(fc.array(fc.constantFrom("x", "o"), { maxLength: 80 }), (row) => {
			const told = tell(row.join(""));
			expect(told.replaceAll(".", "")).toMatch(/^(FR)*F?$/);
			for (const [index, one] of [...told].entries()) {
				if (one === "F") expect(row[index]).toBe("x");
				if (one === "R") expect(row.slice(index - 5, index + 1).join("")).toBe("oooooo");
			}
		}),
	);
});

it("calls somebody once where every second probe fails", () => {
	expect(tell("xo".repeat(100)).replaceAll(".", "")).toBe("F");
});
