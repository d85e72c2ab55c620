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
});
