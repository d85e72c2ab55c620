// What a release requires of other products, as people type it.
import { describe, expect, it } from "vitest";
import { describeBlocked, describeRequires, requiresOption } from "../../../../cli/rollout/requires-option.ts";

describe("--requires", () => {
	it.each([
		["base", { product: "base" }],
		["base>=4.26", { product: "base", min: "4.26" }],
		["base<=5", { product: "base", max: "5" }],
		["base>=4.26,<=5", { product: "base", min: "4.26", max: "5" }],
		["base >= 4.26", { product: "base", min: "4.26" }],
		["base=c0ffee", { product: "base", exactly: "c0ffee" }],
	])("takes %s", (text, expected) => {
		expect(requiresOption.parse([text])).toEqual([expected]);
	});

	it.each([
		["Base", /is not PRODUCT>=VERSION/],
		["base>4.26", /is not PRODUCT>=VERSION/],
		["base>=4.26,", /is not PRODUCT>=VERSION/],
		["base=>4.26", /is not PRODUCT>=VERSION/],
		["base>=5,<=4", /no version lies in a range/],
		["base>=..", /a version is up to 64/],
	])("refuses %s", (text, message) => {
		expect(requiresOption.safeParse([text]).error?.message).toMatch(message);
	});

	it("is taken once for each product", () => {
		expect(requiresOption.parse(["base>=1", "db"])).toHaveLength(2);
		expect(requiresOption.safeParse(["base>=1", "base<=2"]).success).toBe(false);
	});
});

it("is shown as it was typed, and nothing where nothing is required", () => {
	expect(describeRequires([{ product: "base", min: "4.26", max: "5" }, { product: "db" }])).toBe(
		"base >= 4.26, <= 5; db",
	);
	expect([describeRequires([]), describeRequires(null), describeRequires(undefined)]).toEqual([
		undefined,
		undefined,
		undefined,
	]);
});

it("says what a release waits for, in words where there are some", () => {
	const blocked = { version: "2.0", product: "base", min: "4.26", installed: null, reason: "halted" };
	expect(describeBlocked([blocked, { ...blocked, installed: "4.25", reason: "a_new_one" }])).toEqual([
		"2.0 requires base >= 4.26, whose rollout is halted (has none)",
		"2.0 requires base >= 4.26, a_new_one (has 4.25)",
	]);
	expect(describeBlocked(undefined)).toEqual([]);
});
