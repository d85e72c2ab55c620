// Reading options and operands: which of several counts, and how a wrong one is named.
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readOperand, readOptions } from "../../../../cli/command-line/read-options.ts";
import { commaList, pairs, wholeNumber } from "../../../../cli/command-line/values.ts";
import { labels, modelName } from "../../../../src/names.ts";

describe("options", () => {
	it("of the command itself count before those of the commands above it", () => {
		const program = new Command("top").option("--url <url>").option("--key <key>");
		const verb = program.command("verb").option("--url <url>");
		program.setOptionValue("url", "above").setOptionValue("key", "above");
		verb.setOptionValue("url", "own");
		const shape = z.object({ url: z.string(), key: z.string() });
		expect(readOptions(verb, shape)).toEqual({ url: "own", key: "above" });
	});

	it.each([
		[{ urgency: "emergencyy" }, '--urgency "emergencyy": not one of routine, emergency; did you mean emergency?'],
		[{ urgency: "now" }, '--urgency "now": not one of routine, emergency'],
		[{ urgency: undefined }, "--urgency: required and missing"],
		[{ models: "PA-440,P A" }, '--models "P A": a model is'],
		[{ models: ["PA-440,P A", "FW 1"] }, '--models "P A": a model is'],
		[{ models: ["PA-440", "P A,FW 1"] }, '--models "P A": a model is'],
		[{ label: "Site=x" }, '--label "Site=x": Site: a label\'s key is'],
		[{ priority: "256" }, '--priority "256": at most 255'],
		[{ text: "" }, '--text "": something is expected here'],
		[{ text: "x".repeat(99) }, `--text "${"x".repeat(60)}…": longer than 80 characters`],
	])("%j is refused with the value, the name and what is taken", (given, said) => {
		const command = new Command("x");
		const options = { urgency: "routine", models: "a", label: "a=b", text: "a", priority: "1", ...given };
		for (const [name, value] of Object.entries(options)) command.setOptionValue(name, value);
		const shape = z.object({
			urgency: z.enum(["routine", "emergency"]),
			models: commaList.pipe(z.array(modelName)),
			label: pairs.pipe(labels),
			text: z.string().min(1).max(80),
			priority: wholeNumber.pipe(z.int().max(255)),
		});
		expect(() => readOptions(command, shape)).toThrow(said);
	});

	it("that do not fit are refused with what the help says of them", () => {
		const command = new Command("x").option("--urgency <urgency>", "routine or emergency (default: routine)");
		command.setOptionValue("urgency", "now");
		const fix = "give --urgency <urgency>: routine or emergency (default: routine)";
		expect(() => readOptions(command, z.object({ urgency: z.enum(["routine", "emergency"]) }))).toThrow(
			expect.objectContaining({ fix }),
		);
	});

	it("that do not fit are named as they are typed", () => {
		const command = new Command("x").setOptionValue("skewLimitHours", "many");
		const read = () => readOptions(command, z.object({ skewLimitHours: wholeNumber }));
		expect(read).toThrow('--skew-limit-hours "many": a whole number from 0 on is expected');
	});
});

it("operands that do not fit are called by their names", () => {
	const digits = z.string().regex(/^\d+$/, "digits are expected");
	expect(readOperand(["1", "2"], 1, "group", digits)).toBe("2");
	expect(() => readOperand(["1", "x"], 1, "group", digits)).toThrow('group "x": digits are expected');
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
		["constructor=1,toString=2", { constructor: "1", toString: "2" }],
	])("%j is the pairs %j", (given, found) => expect(pairs.parse(given)).toEqual(found));

	it.each(["=1", "a", "a=1,b", "__proto__=1", "a=1,a=2", ["a=1", "b=2", "a=1"]])("%j is no pairs", (given) =>
		expect(pairs.safeParse(given).success).toBe(false),
	);

	it.each([
		["0", 0],
		["999999999", 999_999_999],
	])("%j is a whole number", (given, number) => expect(wholeNumber.parse(given)).toBe(number));

	it.each(["", "-1", "1.5", "1e3", "0x10", "1".repeat(16), " 1"])("%j is no whole number", (given) => {
		expect(wholeNumber.safeParse(given).success).toBe(false);
	});
});
