// Reading options and operands: which of several counts, and how a wrong one is named.
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readOperand, readOptions } from "../../../../cli/command-line/read-options.ts";
import { commaList, pairs, wholeNumber } from "../../../../cli/command-line/values.ts";

describe("options", () => {
	it("of the command itself count before those of the commands above it", () => {
		const program = new Command("top").option("--url <url>").option("--key <key>");
		const verb = program.command("verb").option("--url <url>");
		program.setOptionValue("url", "above").setOptionValue("key", "above");
		verb.setOptionValue("url", "own");
		const shape = z.object({ url: z.string(), key: z.string() });
		expect(readOptions(verb, shape)).toEqual({ url: "own", key: "above" });
	});

	it("that do not fit are named as they are typed", () => {
		const command = new Command("x").setOptionValue("skewLimitHours", "many");
		const read = () => readOptions(command, z.object({ skewLimitHours: wholeNumber }));
		expect(read).toThrow("--skew-limit-hours: a whole number is expected");
	});
});

it("operands that do not fit are called by their names", () => {
	const digits = z.string().regex(/^\d+$/, "digits are expected");
	expect(readOperand(["1", "2"], 1, "group", digits)).toBe("2");
	expect(() => readOperand(["1", "x"], 1, "group", digits)).toThrow("group: digits are expected");
});

describe("values", () => {
	it.each([
		["a,b", ["a", "b"]],
		[
			["a, b", "c"],
			["a", "b", "c"],
		],
		[" ,a,, ", ["a"]],
		["", []],
	])("%j is the list %j", (given, list) => expect(commaList.parse(given)).toEqual(list));

	it.each([
		["a=1,b=2=3", { a: "1", b: "2=3" }],
		[["a=1", "b="], { a: "1", b: "" }],
	])("%j is the pairs %j", (given, found) => expect(pairs.parse(given)).toEqual(found));

	it.each(["=1", "a", "a=1,b"])("%j is no pairs", (given) => expect(pairs.safeParse(given).success).toBe(false));

	it.each([
		["0", 0],
		["999999999", 999_999_999],
	])("%j is a whole number", (given, number) => expect(wholeNumber.parse(given)).toBe(number));

	it.each(["", "-1", "1.5", "1e3", "0x10", "1000000000", " 1"])("%j is no whole number", (given) => {
		expect(wholeNumber.safeParse(given).success).toBe(false);
	});
});
