// What `parapet publish` says of the classes of a release, by its rules: a proposal where none is said, a warning where one is missing.
import { describe, expect, it } from "vitest";
import { describeIndex, type PublishedIndex } from "../../../../../cli/commands/publish/publish-index.ts";

const indexOf = (blocking: number, classes?: string[]): PublishedIndex => ({
	...{ sha256: "ab".repeat(32), size: 10, rules: 5, against: "4.27.0" },
	counts: { added: 1, removed: 0, changed: 0, newly_blocking: blocking },
	proposed_plan: { plan: "rapid", reasons: ["little changes"] },
	...(classes && { proposed_classes: classes }),
});
const last = (index: PublishedIndex, said?: string[]) => describeIndex({ ok: true, index }, said).at(-1);

describe("of a release whose rules can stop traffic that passed", () => {
	const index = indexOf(3, ["threat", "behaviour"]);

	it("warns where it is said to be about threats alone", () => {
		expect(last(index, ["threat"])).toBe(
			"  warning: its classes are threat, and its rules call for behaviour too: 3 rules can stop traffic that passed before",
		);
	});

	it("proposes classes where none is said", () => {
		expect(last(index)).toBe("  proposed classes: threat,behaviour");
	});

	it("says nothing more where both are said", () => {
		expect(last(index, ["threat", "behaviour"])).toContain("proposed plan");
	});
});

it("warns of no class that nothing calls for", () => {
	expect(last(indexOf(0, ["threat"]), ["threat", "behaviour"])).toContain("proposed plan");
});

it("says nothing of classes where the service proposes none", () => {
	expect(last(indexOf(0))).toContain("proposed plan");
	expect(last(indexOf(0), ["threat"])).toContain("proposed plan");
});
