// When a new version of the Worker counts as worse than the old one.
import { describe, expect, it } from "vitest";
import { ENOUGH_REQUESTS, judgeVersion, NO_NUMBERS, type VersionNumbers } from "../../../scripts/deploy/judge.ts";

const of = (numbers: Partial<VersionNumbers>): VersionNumbers => ({
	...{ requests: 10_000, errors: 1, degraded: 0, refusals: { not_entitled: 50 }, p95Ms: 20 },
	...numbers,
});
const verdict = (now: VersionNumbers, before: VersionNumbers) => judgeVersion(now, before).verdict;
const reasons = (now: VersionNumbers, before: VersionNumbers) => {
	const judged = judgeVersion(now, before);
	return judged.verdict === "worse" ? judged.reasons : [];
};

it("is well when it answers as the old one does", () => {
	expect(judgeVersion(of({}), of({}))).toEqual({ verdict: "well" });
	expect(verdict(of({ requests: 1_000, errors: 0, refusals: {} }), of({ requests: 99_000, errors: 20 }))).toBe("well");
});

it.each([
	["the new one has answered little", of({ requests: ENOUGH_REQUESTS - 1 }), of({})],
	["the old one has answered little", of({}), of({ requests: ENOUGH_REQUESTS - 1 })],
	["nobody has asked", NO_NUMBERS, NO_NUMBERS],
])("cannot be told from the old one where %s", (_, now, before) => expect(verdict(now, before)).toBe("few"));

it("can be told from as many requests as it takes", () => {
	const enough = of({ requests: ENOUGH_REQUESTS, errors: 0, refusals: {} });
	expect(verdict(enough, enough)).toBe("well");
});

describe("is worse when it", () => {
	it.each<[string, Partial<VersionNumbers>, RegExp]>([
		["fails more often", { errors: 60 }, /^errors \(5xx\): 0\.60 % of 10000, against 0\.01 % of 10000$/],
		["answers more from old records", { degraded: 400 }, /^degraded answers: 4\.00 %/],
		["refuses more for a reason", { refusals: { not_entitled: 300 } }, /^not_entitled: 3\.00 %.*0\.50 %/],
		[
			"refuses for a reason of its own",
			{ refusals: { invalid_token: 300 } },
			/^invalid_token: 3\.00 %.*against 0\.00 %/,
		],
		["is slower", { p95Ms: 90 }, /^latency \(p95\): 90 ms, against 20 ms$/],
	])("%s, and says by how much", (_, change, said) => {
		expect(reasons(of(change), of({}))).toEqual([expect.stringMatching(said)]);
	});

	it("fails half of the time, however few have asked and whatever the old one did", () => {
		expect(verdict(of({ requests: 10, errors: 5 }), NO_NUMBERS)).toBe("worse");
		expect(verdict(of({ requests: 9, errors: 9 }), NO_NUMBERS)).toBe("few");
		expect(verdict(of({ requests: 100, errors: 49 }), NO_NUMBERS)).toBe("few");
	});
});

describe("is not worse for a difference that", () => {
	it.each<[string, Partial<VersionNumbers>, Partial<VersionNumbers>]>([
		["nobody would go back for: errors", { requests: 1e7, errors: 9_999 }, { requests: 1e7, errors: 0 }],
		["nobody would go back for: refusals", { requests: 1e7, refusals: { x: 99_000 } }, { requests: 1e7, refusals: {} }],
		["chance explains", { requests: 300, errors: 2 }, { requests: 300, errors: 0 }],
		["is a few milliseconds", { p95Ms: 60 }, { p95Ms: 12 }],
		["is a small part of a long time", { p95Ms: 290 }, { p95Ms: 200 }],
		[
			"is for the better",
			{ errors: 0, degraded: 0, refusals: {}, p95Ms: 1 },
			{ errors: 500, degraded: 900, p95Ms: 90 },
		],
	])("%s", (_, now, before) => expect(verdict(of(now), of(before))).toBe("well"));
});
