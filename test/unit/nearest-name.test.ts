// Which known name is meant by a mistyped one, and how that is said.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearestName, sayUnknown } from "../../src/nearest-name.ts";

describe("the nearest name", () => {
	it.each([
		["devise", ["license", "device"], "device"],
		["devcie", ["device"], "device"],
		["CRS", ["crs"], "crs"],
		["crz", ["crs", "threats"], "crs"],
		["cr", ["crs"], "crs"],
		["thraets-eu", ["threats-eu", "threats"], "threats-eu"],
		["threatz", ["threads", "threats"], "threats"],
		["xyz", ["crs"], undefined],
		["urls", ["crs"], undefined],
		["", ["crs"], undefined],
		["crs", [], undefined],
	])("of %j among %j is %j", (name, known, meant) => {
		expect(nearestName(name, known)).toBe(meant);
	});

	it("is the one of which a letter was left out, doubled, replaced or swapped with its neighbour", () => {
		const name = fc.stringMatching(/^[a-z]{5,20}$/);
		const slip = fc.constantFrom("left out", "doubled", "replaced", "swapped");
		fc.assert(
			fc.property(name, fc.nat(), slip, (meant, place, kind) => {
				const at = place % (meant.length - 1);
				const [before, letter, next, after] = [meant.slice(0, at), meant[at], meant[at + 1], meant.slice(at + 2)];
				const typed = {
					"left out": before + next + after,
					doubled: before + letter + letter + next + after,
					replaced: `${before}#${next}${after}`,
					swapped: before + next + letter + after,
				}[kind];
				expect(nearestName(typed, ["0000000000", meant])).toBe(meant);
			}),
		);
	});

	it("is said where there is one", () => {
		expect(sayUnknown("product", "crz", ["crs"])).toBe("there is no product crz; did you mean crs?");
		expect(sayUnknown("product", "nosuch", ["crs"])).toBe("there is no product nosuch");
	});
});
