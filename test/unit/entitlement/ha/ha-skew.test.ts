// Version skew of an HA group: which products its devices run in different versions.
import fc from "fast-check";
import { expect, test } from "vitest";
import { findSkew, type Versions, type VersionsOfMember } from "../../../../src/entitlement/ha/ha-skew.ts";

const member = (device: string, installed: Versions | null, peer: Versions | null = null) => ({
	device,
	installed,
	peer,
});

const cases: [string, VersionsOfMember[], Record<string, Record<string, string | null>>][] = [
	["nobody", [], {}],
	["one device alone", [member("a", { crs: "1" })], {}],
	["two that run the same", [member("a", { crs: "1" }), member("b", { crs: "1" })], {}],
	["two that differ", [member("a", { crs: "2" }), member("b", { crs: "1" })], { crs: { a: "2", b: "1" } }],
	[
		"one that has nothing installed",
		[member("a", { crs: "2" }), member("b", { crs: null })],
		{ crs: { a: "2", b: null } },
	],
	["one that does not speak of the product", [member("a", { crs: "2" }), member("b", { threats: "9" })], {}],
	["one that has never reported", [member("a", { crs: "2" }), member("b", null)], {}],
	[
		"one whose peer speaks for it",
		[member("a", { crs: "2" }, { crs: "1" }), member("b", null)],
		{ crs: { a: "2", b: "1" } },
	],
	["one that says otherwise than its peer", [member("a", { crs: "2" }, { crs: "1" }), member("b", { crs: "2" })], {}],
	[
		"three, of whom one says what 'its peer' runs",
		[member("a", { crs: "2" }, { crs: "1" }), member("b", null), member("c", null)],
		{},
	],
	[
		"several products, by name",
		[member("a", { url: "1", crs: "2", dns: "3" }), member("b", { url: "2", crs: "1", dns: "3" })],
		{ crs: { a: "2", b: "1" }, url: { a: "1", b: "2" } },
	],
	["a product that is called as a property of every object", [member("a", { constructor: "1" }), member("b", {})], {}],
];
test.each(cases)("%s", (_, members, expected) => {
	const found = findSkew(members).map(({ product, versions }) => [
		product,
		Object.fromEntries(versions.map(({ device, version }) => [device, version])),
	]);
	expect(found).toEqual(Object.entries(expected));
});

const versions = fc.option(fc.dictionary(fc.constantFrom("crs", "url"), fc.option(fc.constantFrom("1", "2"))), {
	nil: null,
});
const members = fc
	.array(fc.tuple(versions, versions), { maxLength: 4 })
	.map((all) => all.map(([installed, peer], index) => member(`d${index}`, installed, peer)));

test("a group that installs one version of everything everywhere has no skew, whatever peers say", () => {
	fc.assert(
		fc.property(members, (all) => {
			expect(findSkew(all.map((one) => ({ ...one, installed: { crs: "3", url: "3" } })))).toEqual([]);
		}),
	);
});

test("the order of the members says nothing about what differs", () => {
	fc.assert(
		fc.property(members, (all) => {
			const productsOf = (some: VersionsOfMember[]) => findSkew(some).map(({ product }) => product);
			expect(productsOf([...all].reverse())).toEqual(productsOf(all));
		}),
	);
});

test("what is told of a skew are versions that differ, each with a device that is known to run it", () => {
	fc.assert(
		fc.property(members, (all) => {
			for (const { versions: told } of findSkew(all)) {
				expect(new Set(told.map(({ version }) => version)).size).toBeGreaterThan(1);
				expect(new Set(told.map(({ device }) => device)).size).toBe(told.length);
			}
		}),
	);
});
