// The bounded map under the caches: never more or heavier than it may be, always with the latest, and it spares what is
// read.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBoundedEntries } from "../../../src/storage/bounded-entries.ts";

describe("bounded entries", () => {
	it("never hold more than they may, and always the latest", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.tuple(fc.nat(20), fc.boolean())), (max, operations) => {
				const entries = createBoundedEntries<number>(max);
				for (const [key, isRead] of operations) {
					if (isRead) entries.get(String(key));
					else {
						entries.set(String(key), key);
						expect(entries.get(String(key))).toBe(key);
					}
					expect(entries.size).toBeLessThanOrEqual(max);
				}
			}),
		);
	});

	it("spare what was read since, once", () => {
		const entries = createBoundedEntries<number>(2);
		entries.set("read", 1);
		entries.set("unread", 2);
		entries.get("read");
		entries.set("third", 3);
		expect(entries.get("unread")).toBeUndefined();
		expect(entries.get("read")).toBe(1);
	});

	it("never weigh more than they may, and always weigh what is in them", () => {
		const operation = fc.tuple(fc.nat(9), fc.constantFrom("get", "set", "delete"), fc.integer({ min: 1, max: 30 }));
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 40 }), fc.array(operation), (max, operations) => {
				const entries = createBoundedEntries<number>(max, (weight) => weight);
				for (const [key, what, weight] of operations) {
					if (what === "set") entries.set(String(key), weight);
					else entries[what](String(key));
					const inside = Array.from({ length: 10 }, (_, index) => entries.get(String(index)) ?? 0);
					expect(entries.weight).toBe(inside.reduce((sum, each) => sum + each, 0));
					expect(entries.weight).toBeLessThanOrEqual(max);
					if (what === "set") expect(entries.get(String(key))).toBe(weight <= max ? weight : undefined);
				}
			}),
		);
	});

	it("do not give way to what is heavier than all of them may be", () => {
		const entries = createBoundedEntries<number>(10, (weight) => weight);
		entries.set("light", 9);
		entries.set("heavy", 11);
		expect([entries.get("light"), entries.get("heavy")]).toEqual([9, undefined]);
	});
});
