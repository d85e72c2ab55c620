// How versions that vendors have given are ordered, and which versions of an engine are within a range.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVendorVersions, engineInRange } from "../../../../src/content/releases/vendor-version.ts";

describe("the order of vendor versions", () => {
	it("stays the same however many versions were compared before", () => {
		for (let minor = 0; minor < 2500; minor++) {
			expect(compareVendorVersions(`1.${minor}`, `1.${minor + 1}`)).toBeLessThan(0);
			expect(compareVendorVersions("1.0", "1.0-rc1")).toBeGreaterThan(0);
		}
	});

	it.each([
		["11.1.4", "11.1.4-h7"],
		["11.1.4-h7", "11.1.4-h10"],
		["11.1.4-h7", "11.1.5"],
		["11.1.4", "11.1.4.1"],
		["9.9", "10.0"],
		["7.4.9", "7.4.10"],
		["7.4", "7.4.0"],
		["7.4.3-build1", "7.4.3-build12"],
		["7.4.3", "7.4.3-p1"],
		["15.2(4)M", "15.2(4)M3"],
		["5.0-alpha", "5.0-beta"],
		["5.0-beta2", "5.0-rc1"],
		["5.0-rc1", "5.0"],
		["5.0-pre", "5.0"],
		["5.0.dev3", "5.0"],
		["5.0", "5.0-hotfix1"],
		["2025-12-31", "2026-01-01"],
		["4.27.0", "4.27.0-h1"],
		["v7.4.0", "7.4.1"],
		["v5.9.9", "v6.0.0"],
		["6.0.0-SNAPSHOT", "6.0.0"],
		["6.0.0-nightly20261128", "6.0.0"],
		["6.0.0-preview.2", "6.0.0"],
		["6.0.0-development", "6.0.0"],
		["6.0.0rc1", "6.0.0"],
		["6.0.0-rc1", "6.0.0-RELEASE"],
		["13.2-RELEASE", "13.2-RELEASE-p3"],
		["R81.10", "R81.20"],
		["1.0.2", "1.0.2a"],
		["1.0.2a", "1.0.2b"],
		["1.0.2z", "1.0.2za"],
		["1.0.2zh", "1.0.3"],
		["1.0.2b", "1.0.3a"],
		["1.0.2a1", "1.0.2"],
		["1.0.2a1", "1.0.2b2"],
		["1.0.2b2", "1.0.2rc1"],
		["1.0.2-a.1", "1.0.2"],
		["1.0.2a1", "1.0.2a"],
		["1.0.9007199254740992", "1.0.9007199254740993"],
		["1.0.20261128235959123456", "1.0.20261128235959123457"],
	])("has %s before %s", (older, newer) => {
		expect(compareVendorVersions(older, newer)).toBeLessThan(0);
		expect(compareVendorVersions(newer, older)).toBeGreaterThan(0);
	});

	it.each([
		["11.1.4-h7", "11.1.4-H7"],
		["11.1.4-h7", "11.1.4h7"],
		["v7", "V7"],
		["07.4", "7.4"],
		["v7.4.1", "7.4.1"],
		["2.7.2-RELEASE", "2.7.2"],
		["2.7.2.Final", "2.7.2-GA"],
	])("has %s and %s at the same place", (a, b) => {
		expect(compareVendorVersions(a, b)).toBe(0);
	});

	const version = fc
		.array(
			fc.oneof(
				fc.nat(30).map(String),
				fc.constantFrom("a", "b", "h", "rc", "beta", "p", "build", "release", "snapshot"),
			),
			{
				minLength: 1,
				maxLength: 5,
			},
		)
		.map((parts) => parts.join("."));

	it("is the same from both sides, and transitive", () => {
		fc.assert(
			fc.property(version, version, version, (a, b, c) => {
				const sorted = [a, b, c].sort(compareVendorVersions);
				const [x = "", y = "", z = ""] = sorted;
				expect(Math.sign(compareVendorVersions(a, b))).toBe(-Math.sign(compareVendorVersions(b, a)) + 0);
				expect(compareVendorVersions(x, y)).toBeLessThanOrEqual(0);
				expect(compareVendorVersions(y, z)).toBeLessThanOrEqual(0);
				expect(compareVendorVersions(x, z)).toBeLessThanOrEqual(0);
				expect(compareVendorVersions(a, a)).toBe(0);
			}),
		);
	});
});

describe("an engine range", () => {
	it.each([
		["11.1.4", { min: "11.1.4" }, true],
		["11.1.4", { max: "11.1.4" }, true],
		["11.1.4-h7", { max: "11.1.4" }, false],
		["11.1.4-rc1", { min: "11.1.4" }, false],
		["11.1.3", { min: "11.1.4", max: "11.2" }, false],
		["11.1.9", { min: "11.1.4", max: "11.2" }, true],
		["11.2.1", { min: "11.1.4", max: "11.2" }, false],
		["11.1.9", { min: "11.2", max: "11.1" }, false],
		["v7.4.1", { min: "7.4.0" }, true],
		["v6.0.0", { max: "5.9.9" }, false],
		["6.0.0-SNAPSHOT", { min: "6.0.0" }, false],
		["2.7.2-RELEASE", { max: "2.7.2" }, true],
		["R81.20", { min: "R81.10", max: "R81.20" }, true],
		["1.0.2u", { min: "1.0.2" }, true],
		["1.0.2a", { max: "1.0.2" }, false],
		["1.0.2b3", { min: "1.0.2" }, false],
		["anything", {}, true],
		[null, {}, true],
		[null, { min: "1" }, false],
		[null, { max: "99" }, false],
	])("has %s in %j: %s", (engine, range, isIn) => {
		expect(engineInRange(engine, range)).toBe(isIn);
	});
});
