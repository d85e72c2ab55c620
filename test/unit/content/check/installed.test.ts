// The parameters `installed`, `failed` and `installed_at` of a check.
import { describe, expect, it } from "vitest";
import { parseFailed, parseInstalled, parseInstalledAt } from "../../../../src/content/check/installed.ts";

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

describe("since when it is installed", () => {
	it.each([1_795_835_781, 0, 1_000, -5, 1_795_835_781_000, 9_999_999_999_999])("may be %s", (seconds) => {
		expect([...(parseInstalledAt(`crs@1.0@${seconds},threats@8890@7,crs@1.1@8`) ?? [])]).toEqual([
			[
				"crs",
				[
					{ version: "1.0", at: seconds },
					{ version: "1.1", at: 8 },
				],
			],
			["threats", [{ version: "8890", at: 7 }]],
		]);
	});

	it.each([
		"",
		"crs",
		"crs@7",
		"crs@1.0@",
		"@1.0@7",
		"crs@@7",
		"crs@1@2@3",
		"crs@1.0@1e9",
		"crs@1.0@1.5",
		"crs@1.0@+7",
		"crs@1.0@--7",
		"crs@1.0@7,",
		`crs@1.0@${"1".repeat(21)}`,
	])("is not read from %j", (text) => {
		expect(parseInstalledAt(text)).toBeNull();
	});

	it("is of up to 32 products, and up to 20 times of one", () => {
		const times = Array.from({ length: 33 }, (_, index) => `p${index}@1@7`);
		expect(parseInstalledAt(times.slice(1).join())?.size).toBe(32);
		expect(parseInstalledAt(times.join())).toBeNull();
		const ofOne = Array.from({ length: 21 }, (_, index) => `crs@${index}@7`);
		expect(parseInstalledAt(ofOne.slice(1).join())?.get("crs")).toHaveLength(20);
		expect(parseInstalledAt(ofOne.join())).toBeNull();
	});
});
