// The map of the world that the console's pages refer to: each country is there under the code by which the edge names it.
import { describe, expect, test } from "vitest";
import { drawWorld } from "../../../scripts/world-map.mjs";
import { isFailing, shadeOf } from "../../../src/console/world-map.tsx";

describe("the file", () => {
	const world = drawWorld();
	const codes = Array.from(world.matchAll(/ id="([A-Z]{2})"/g), ([, code]) => code);

	test.each(["BR", "DE", "US", "IN", "XK", "SG", "HK", "MT", "BH"])("has %s, large or small", (code) => {
		expect(codes).toContain(code);
	});

	test("names no country twice, and holds shapes alone: no style, no script", () => {
		expect(new Set(codes).size).toBe(codes.length);
		expect(world).not.toMatch(/style|script|href|NaN|undefined/);
	});
});

test.each([
	[1, 1, 5],
	[1, 1_000, 1],
	[0, 1_000, 1],
	[31, 1_000, 2],
	[1_000, 1_000, 5],
	[999, 1_000, 4],
])("%d devices where the most are %d have shade %d", (devices, most, shade) => {
	expect(shadeOf(devices, most)).toBe(shade);
});

test.each([
	[100, 4, false],
	[100, 5, true],
	[0, 0, false],
	[1, 1, true],
])("of %d devices %d failed: red is %j", (devices, failed, red) => {
	expect(isFailing({ country: "BR", devices, failed })).toBe(red);
});
