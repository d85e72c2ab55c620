import { expect, it } from "vitest";
import { proposePlan } from "../../../src/rollout/proposed-plan.ts";

const QUIET = { before: 100, newlyBlocking: 0, removed: 0, changed: 0, reused: 0, unsaid: 0 };

it.each([
	["nothing changes", {}, "rapid"],
	["a tenth of the rules are gone", { removed: 10 }, "rapid"],
	["a tenth of the rules are changed", { changed: 10 }, "rapid"],
	["there is nothing to compare with", { before: null }, "standard"],
	["one rule newly blocks", { newlyBlocking: 1 }, "standard"],
	["one id means another rule", { reused: 1 }, "standard"],
	["one rule does not say whether it blocks", { unsaid: 1 }, "standard"],
	["more than a tenth of the rules are gone", { removed: 11 }, "standard"],
	["more than a tenth of the rules are changed", { changed: 11 }, "standard"],
] as const)("where %s the plan is said", (_, counts, plan) => {
	const proposed = proposePlan({ ...QUIET, ...counts });
	expect(proposed).toMatchObject({ plan, reasons: [expect.any(String)] });
});

it("says everything that speaks for the slower plan", () => {
	expect(proposePlan({ ...QUIET, newlyBlocking: 3, reused: 1, removed: 50 }).reasons).toEqual([
		"3 rules can stop traffic that passed before",
		"1 id means another rule now: who has disabled it meant the other",
		"50 rules of 100 are gone",
	]);
});
