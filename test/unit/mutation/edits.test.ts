// The list of faults fits the sources of today: each can be put in, and some test is asked about it.
import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { coveringTests } from "../../mutation/covering-tests.ts";
import { applyEdit } from "../../mutation/edit.ts";
import { ALL_EDITS } from "../../mutation/edits/all.ts";

const ALL_TESTS = globSync("test/**/*.test.ts");

describe.each(ALL_EDITS.map((one) => [one.file, one] as const))("the faults in %s", (file, { tests = [], edits }) => {
	const source = readFileSync(file, "utf8");

	it("each apply exactly once, and change something", () => {
		for (const edit of edits) expect(() => applyEdit(source, edit), edit.breaks).not.toThrow();
	});

	it("say what breaks, each something else", () => {
		expect(new Set(edits.map(({ breaks }) => breaks)).size).toBe(edits.length);
		for (const { breaks } of edits) expect(breaks).toMatch(/^\S.{15,150}[^.]$/);
	});

	it("are asked of tests that are there", () => {
		expect(coveringTests(file, tests, ALL_TESTS)).not.toEqual([]);
		for (const beginning of tests)
			expect(
				ALL_TESTS.some((test) => test.startsWith(beginning)),
				beginning,
			).toBe(true);
	});
});

describe("an edit", () => {
	const edit = { from: "a < b", to: "a <= $&", breaks: "" };

	it("is put in as it stands", () => {
		expect(applyEdit("if (a < b) go();", edit)).toBe("if (a <= $&) go();");
	});

	it.each([
		["does not stand in the file", "if (a > b) go();"],
		["stands there twice", "a < b || a < b"],
	])("is refused where its text %s", (_, source) => {
		expect(() => applyEdit(source, edit)).toThrow(RangeError);
	});

	it("is refused where it changes nothing", () => {
		expect(() => applyEdit("a < b", { ...edit, to: edit.from })).toThrow("changes nothing");
	});
});

describe("the tests that are asked", () => {
	const TESTS = [
		"test/e2e/cli.test.ts",
		"test/unit/storage/keys.test.ts",
		"test/unit/storage/clock.test.ts",
		"test/unit/storage/deep/keys.test.ts",
		"test/workers/storage/kv.test.ts",
		"test/workers/routes/device/check.test.ts",
		"test/workers/routes/operator/check.test.ts",
		"test/unit/cli/firewall/update/update.test.ts",
	];

	it("are those of its subject and those that are named: unit tests first, its own and those beside it before others", () => {
		const named = ["test/workers/routes/device/"];
		expect(coveringTests("src/storage/clock.ts", named, TESTS)).toEqual([
			"test/unit/storage/clock.test.ts",
			"test/unit/storage/keys.test.ts",
			"test/unit/storage/deep/keys.test.ts",
			"test/workers/routes/device/check.test.ts",
			"test/workers/storage/kv.test.ts",
		]);
	});

	it("are those beside its folder too, of the same subject", () => {
		expect(coveringTests("src/storage/deep/bottom.ts", [], TESTS)).toEqual([
			"test/unit/storage/deep/keys.test.ts",
			"test/unit/storage/clock.test.ts",
			"test/unit/storage/keys.test.ts",
			"test/workers/storage/kv.test.ts",
		]);
		expect(coveringTests("cli/firewall/home/state.ts", [], TESTS)).toEqual([
			"test/unit/cli/firewall/update/update.test.ts",
		]);
	});

	it("are not those of another caller's routes", () => {
		expect(coveringTests("src/routes/device/check/check.ts", [], TESTS)).toEqual([
			"test/workers/routes/device/check.test.ts",
		]);
	});
});
