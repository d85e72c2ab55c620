// The parameter `installed` of a check.
import { describe, expect, it } from "vitest";
import { parseInstalled } from "../../../src/content/installed.ts";

describe("what is installed", () => {
	it.each<[string, [string, string | null][]]>([
		["crs", [["crs", null]]],
		["crs@4.27.0", [["crs", "4.27.0"]]],
		[
			"crs@4.27.0,threats@8890",
			[
				["crs", "4.27.0"],
				["threats", "8890"],
			],
		],
		[
			"threats,crs@11.1.4-h7+b_2",
			[
				["threats", null],
				["crs", "11.1.4-h7+b_2"],
			],
		],
	])("is read from %s", (text, entries) => {
		expect([...(parseInstalled(text) ?? [])]).toEqual(entries);
	});

	it.each([
		"",
		",",
		"crs,",
		",crs",
		"crs@",
		"@1",
		"crs@1@2",
		"CRS@1",
		"crs@../x",
		"crs @1",
		"crs@1 ",
		"crs,crs@2",
		"1crs",
		"__proto__",
		"crs@1\n",
		"c".repeat(33),
		`crs@${"1".repeat(65)}`,
	])("is not read from %j", (text) => {
		expect(parseInstalled(text)).toBeNull();
	});

	it("has up to 32 products", () => {
		const products = Array.from({ length: 33 }, (_, index) => `p${index}`);
		expect(parseInstalled(products.slice(1).join())?.size).toBe(32);
		expect(parseInstalled(products.join())).toBeNull();
	});
});
