// What a release requires of other products: which versions will do, and whether a device has them or gets them by the same answer.
import { describe, expect, it } from "vitest";
import { productRecord } from "../../../../src/content/releases/product-record.ts";
import {
	afterOf,
	describeRequirement,
	judgeRequirements,
	meetsRequirement,
	type Prerequisite,
	type Requirement,
	reasonOf,
	requirements,
	requirementsKey,
} from "../../../../src/content/requires/requires.ts";
import { makeRelease, REACH, recordOf } from "../content-fixtures.ts";

const FROM: Requirement = { product: "base", min: "4.26" };

describe("a version", () => {
	it.each([
		["at the lower end", { min: "4.26" }, "4.26", true],
		["above it", { min: "4.26" }, "4.27.1", true],
		["below it", { min: "4.26" }, "4.25.9", false],
		["before it, as a candidate for it", { min: "4.26" }, "4.26-rc1", false],
		["at the upper end", { max: "5" }, "5", true],
		["above that", { max: "5" }, "5.0.1", false],
		["of the one that must be", { exactly: "c0ffee" }, "c0ffee", true],
		["that only counts as the same", { exactly: "4.26" }, "v4.26", false],
		["where any will do", {}, "c0ffee", true],
	])("%s", (_, range, version, expected) => {
		expect(meetsRequirement({ product: "base", ...range }, version)).toBe(expected);
	});
});

describe("what a publisher says", () => {
	it.each([
		["names a product and a range", [{ product: "base", min: "1", max: "2" }], true],
		["names one alone", [{ product: "base" }], true],
		["names nothing", [], false],
		["names a product twice", [{ product: "base" }, { product: "base", min: "1" }], false],
		["has an empty range", [{ product: "base", min: "2", max: "1" }], false],
		["has a version and a range", [{ product: "base", exactly: "2", max: "1" }], false],
		["has a field that is none", [{ product: "base", version: "2" }], false],
	])("%s", (_, said, isTaken) => {
		expect(requirements.safeParse(said).success).toBe(isTaken);
	});

	it("is told in one line, and says the same in any order", () => {
		const other = { product: "db", exactly: "c0ffee" };
		expect([FROM, { ...FROM, max: "5" }, other, { product: "db" }].map(describeRequirement)).toEqual([
			"base >= 4.26",
			"base >= 4.26, <= 5",
			"db = c0ffee",
			"db",
		]);
		expect(requirementsKey([FROM, other])).toBe(requirementsKey([other, FROM]));
		expect(requirementsKey(undefined)).toBe("");
	});
});

describe("a device", () => {
	const NOTHING: Prerequisite = { installed: null, isSound: true, offered: null, reason: "not_offered" };
	const judge = (has: Partial<Prerequisite> | null) => {
		const judged = judgeRequirements([FROM], () => (has === null ? null : { ...NOTHING, ...has }));
		return judged.ok ? ["may", ...afterOf(judged.needs)] : ["lacks", judged.missing[0]?.reason];
	};

	it.each<[string, Partial<Prerequisite> | null, string[]]>([
		["has it", { installed: "4.26" }, ["may"]],
		["has too old a one, and nothing else is offered", { installed: "4.25" }, ["lacks", "not_offered"]],
		["has none, and is offered one that will do", { offered: "4.27" }, ["may", "base"]],
		["has too old a one, and is offered one that will do", { installed: "4.25", offered: "4.27" }, ["may", "base"]],
		["has it, and is offered a newer one: either order will do", { installed: "4.26", offered: "4.27" }, ["may"]],
		["has it, and is led away from it", { installed: "4.26", offered: "4.25" }, ["lacks", "not_offered"]],
		["has it, and it is to leave the device", { installed: "4.26", isSound: false }, ["lacks", "not_offered"]],
		[
			"has a bad one, and is offered a good one",
			{ installed: "4.26", isSound: false, offered: "4.27" },
			["may", "base"],
		],
		["is offered one that will not do", { offered: "4.25" }, ["lacks", "not_offered"]],
		["has not said", { reason: "not_named" }, ["lacks", "not_named"]],
		["waits for the product that waits for this one", null, ["lacks", "not_offered"]],
	])("%s", (_, has, expected) => {
		expect(judge(has)).toEqual(expected);
	});

	it("lacks each that is missing, and has all or nothing", () => {
		const requires = [FROM, { product: "db", exactly: "c0ffee" }, { product: "geo" }];
		const judged = judgeRequirements(requires, ({ product }) => ({
			...NOTHING,
			installed: product === "base" ? "5" : null,
		}));
		expect(judged).toMatchObject({
			ok: false,
			missing: [{ requirement: { product: "db" } }, { requirement: { product: "geo" } }],
		});
	});
});

it.each([
	["nothing of it is released", [], "not_released"],
	["nothing that would do is", [makeRelease(1)], "not_released"],
	["it was withdrawn", [makeRelease(1), makeRelease(5, { version: "5", withdrawn: true })], "withdrawn"],
	["its rollout is halted", [makeRelease(5, { version: "5", rollout: { ...REACH, closed: "halted" } })], "halted"],
	["its rollout has not come to it", [makeRelease(5, { version: "5", rollout: REACH })], "not_offered"],
	[
		"one is halted, and another is there",
		[makeRelease(5, { version: "5", rollout: { ...REACH, closed: "halted" } }), makeRelease(6, { version: "6" })],
		"not_offered",
	],
])("says why: %s", (_, releases, reason) => {
	expect(reasonOf(FROM, releases)).toBe(reason);
});

it("a record from before there were requirements is read, and so is one that says more of them", () => {
	const record = recordOf(makeRelease(1), makeRelease(2, { requires: [FROM] }));
	expect(productRecord.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
	const later = { ...record, releases: record.releases.map((one) => ({ ...one, requires: [{ ...FROM, since: 1 }] })) };
	expect(productRecord.parse(later).releases[0]?.requires).toEqual([FROM]);
});
