// Products that would require each other in a circle.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findCircle } from "../../../../src/content/requires/circle.ts";

const REQUIRED = new Map([
	["crs", ["base"]],
	["base", ["kernel"]],
	["geo", ["kernel"]],
]);

describe("a circle", () => {
	it.each([
		["of two", "base", ["crs"], ["base", "crs", "base"]],
		["of three, by the way that leads back", "kernel", ["geo", "crs"], ["kernel", "geo", "kernel"]],
		["of a product with itself", "crs", ["crs"], ["crs", "crs"]],
		["none where two require the same", "crs", ["geo"], null],
		["none with a product that nobody knows", "crs", ["new"], null],
	])("%s", (_, product, others, expected) => {
		expect(findCircle(product, others, REQUIRED)).toEqual(expected);
	});

	it("is found exactly where one is made: without it there is an order of all products", () => {
		const names = ["a", "b", "c", "d", "e"];
		const edge = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names));
		fc.assert(
			fc.property(fc.array(edge, { maxLength: 20 }), (edges) => {
				const required = new Map<string, Set<string>>();
				for (const [product, other] of edges) {
					const circle = findCircle(product, [other], required);
					if (circle !== null) {
						expect([circle[0], circle[1], circle.at(-1)]).toEqual([product, other, product]);
						for (const [at, name] of circle.entries())
							if (at > 0 && at < circle.length - 1) expect(required.get(name)).toContain(circle[at + 1]);
						continue;
					}
					required.set(product, (required.get(product) ?? new Set()).add(other));
				}
				const left = new Set(names);
				for (let round = 0; round < names.length; round++)
					for (const name of left) if (![...(required.get(name) ?? [])].some((one) => left.has(one))) left.delete(name);
				expect([...left]).toEqual([]);
			}),
		);
	});
});
