// What an approver reads of a release.
import { expect, it } from "vitest";
import { factLines } from "../../../../cli/rollout/describe-facts.ts";

it.each<[what: string, release: unknown, lines: string[]]>([
	["nothing", {}, []],
	["nothing, by null", { classes: null, impact: null, footprint: null, requires: null }, []],
	["no class and no requirement", { classes: [], requires: [] }, []],
	["its classes", { classes: ["threat", "behaviour"] }, ["  changes threat and behaviour"]],
	["that nothing is interrupted", { impact: "none" }, ["  interrupts: none"]],
	["what it takes", { footprint: { disk: 60_000_000 } }, ["  takes disk 60.0 MB"]],
	[
		"all of it",
		{ classes: ["threat"], impact: "reload", requires: [{ product: "base", min: "4.0" }] },
		["  changes threat; interrupts: reload; requires base >= 4.0"],
	],
	["what no service says", { impact: 7 }, []],
])("%s", (_, release, lines) => expect(factLines(release)).toEqual(lines));
