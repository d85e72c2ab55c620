// The parameters `installed` and `failed` of a check.
import { describe, expect, it } from "vitest";
import { parseFailed, parseInstalled } from "../../../../src/content/check/installed.ts";

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

describe("what does not work", () => {
	it("may be several versions of one product", () => {
		const failed = parseFailed("crs@4.24.0,threats@7,crs@4.23.0,crs@4.24.0");
		expect([...(failed ?? [])].map(([product, versions]) => [product, ...versions])).toEqual([
			["crs", "4.24.0", "4.23.0"],
			["threats", "7"],
		]);
	});

	it("is five versions of a product at most", () => {
		const versions = Array.from({ length: 6 }, (_, index) => `crs@${index}`);
		expect(parseFailed(versions.slice(1).join())?.get("crs")?.size).toBe(5);
		expect(parseFailed(versions.join())).toBeNull();
	});

	it("is of up to 32 products", () => {
		const products = Array.from({ length: 33 }, (_, index) => `p${index}@1`);
		expect(parseFailed(products.slice(1).join())?.size).toBe(32);
		expect(parseFailed(products.join())).toBeNull();
	});

	it.each(["", "crs", "crs@1,crs", "crs@", "crs@1,", "CRS@1"])("is not read from %j", (text) => {
		expect(parseFailed(text)).toBeNull();
	});
});
