import { expect, it } from "vitest";
import { type CoveringRelease, coverageOf } from "../../../../src/content/rule-index/coverage.ts";

/** Releases in the order of their sequence: Y covers, n does not, ? has no index, w is withdrawn and does not; in capitals of beta: B, b. */
const releases = (said: string): CoveringRelease[] =>
	[...said].map((one, at) => ({
		...{ version: String(at + 1), sequence: at + 1, withdrawnAt: one === "w" ? 9 : null },
		channel: "Bb".includes(one) ? "beta" : "stable",
		isNamed: one === "?" ? null : "YB".includes(one),
	}));

it.each([
	["", { newest: null, isCovered: null, since: null }],
	["n", { newest: "1", isCovered: false, since: null }],
	["nYY", { newest: "3", isCovered: true, since: "2" }],
	["YYY", { newest: "3", isCovered: true, since: "1" }],
	["YnY", { newest: "3", isCovered: true, since: "3" }],
	["YYn", { newest: "3", isCovered: false, since: null }],
	["Y?Y", { newest: "3", isCovered: true, since: "3" }],
	["YY?", { newest: "3", isCovered: null, since: null }],
	["YwY", { newest: "3", isCovered: true, since: "1" }],
	["nB", { newest: "1", isCovered: false, since: null }],
	["Yb", { newest: "1", isCovered: true, since: "1" }],
])("of %s stable says %o", (said, expected) => {
	expect(coverageOf(releases(said))[0]).toEqual({ channel: "stable", ...expected });
});

it("gives beta what stable has too", () => {
	expect(coverageOf(releases("nYB"))[1]).toEqual({ channel: "beta", newest: "3", isCovered: true, since: "2" });
	expect(coverageOf(releases("Yb"))[1]).toMatchObject({ newest: "2", isCovered: false });
});
