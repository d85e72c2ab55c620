// Of all revisions of a record an isolate holds the latest that it has seen, and nothing makes it forget that one.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHeldRecords } from "../../../../src/storage/cache/held-records.ts";
import type { RecordKind } from "../../../../src/storage/record-kind.ts";

const NOW = 1_800_000_000_000;
const denials: RecordKind<string> = {
	parse: String,
	freshSeconds: Number.POSITIVE_INFINITY,
	staleSeconds: 0,
	lastGoodSeconds: 0,
};
const copyOf = (version: number) => ({
	version,
	value: `denials ${version}`,
	bytes: 40,
	endsMs: Number.POSITIVE_INFINITY,
});

function holding(...answers: readonly (readonly [key: string, version: number])[]) {
	const held = createHeldRecords(100_000);
	for (const [key, version] of answers) held.keep(key, denials, NOW, copyOf(version));
	return held;
}

describe("the revisions of a record in memory", () => {
	it("answers for an older revision with a later one that is known", () => {
		const held = holding(["denied@3", 3]);
		expect(held.get("denied@2")?.value).toBe("denials 3");
		expect(held.get("denied@3")?.value).toBe("denials 3");
		expect(held.get("denied@4")).toBeUndefined();
	});

	it.each(["denied", "messages", "product:crs"])(
		"keeps what an owner told of now when lagging heads name a revision of %s in between",
		(series) => {
			const held = holding([`${series}@1`, 3], [`${series}@2`, 2]);
			for (const revision of [1, 2, 3]) expect(held.get(`${series}@${revision}`)?.version).toBe(3);
		},
	);

	it("has one product's revisions say nothing of another's", () => {
		const held = holding(["product:crs@3", 3], ["product:crs-plus@1", 1]);
		expect(held.get("product:crs@1")?.version).toBe(3);
		expect(held.get("product:crs-plus@1")?.version).toBe(1);
	});

	it("takes a later one in the place of an earlier one", () => {
		expect(holding(["denied@1", 1], ["denied@2", 2]).get("denied@1")?.version).toBe(2);
	});

	it("gives what an owner that was set back has, for the revision that was asked for and for no other", () => {
		const held = holding(["denied@5", 3]);
		expect(held.get("denied@5")?.version).toBe(3);
		expect(held.get("denied@4")).toBeUndefined();
		held.keep("denied@4", denials, NOW, copyOf(4));
		expect(held.get("denied@5")).toBeUndefined();
		held.keep("denied@5", denials, NOW, copyOf(3));
		expect(held.get("denied@5")?.version).toBe(4);
	});

	it("forgets a record that is no more, but no later revision when an old one is no more", () => {
		const held = holding(["denied@3", 3], ["heads", 7]);
		held.drop("denied@2");
		held.drop("heads");
		expect(held.get("denied@3")?.version).toBe(3);
		expect(held.get("heads")).toBeUndefined();
	});

	it("never goes back, in whichever order revisions are asked for and answered", () => {
		const asked = fc.record({ revision: fc.integer({ min: 1, max: 6 }), later: fc.nat(6), ended: fc.boolean() });
		fc.assert(
			fc.property(fc.array(asked, { maxLength: 20 }), (reads) => {
				const held = createHeldRecords(100_000);
				let highest = 0;
				for (const { revision, later, ended } of reads) {
					const key = `denied@${revision}`;
					if (ended) held.keepForNeed(key, denials, { ...copyOf(revision), endsMs: NOW }, NOW);
					else held.keep(key, denials, NOW, copyOf(revision + later));
					highest = Math.max(highest, ended ? revision : revision + later);
					expect(held.get(key)?.version).toBe(highest);
				}
			}),
		);
	});
});

describe("when a copy was read", () => {
	const heads: RecordKind<string> = { ...denials, freshSeconds: 5, lastGoodSeconds: 60 };

	it("is when its location read it, where that was before: the answer says since when nothing was heard", () => {
		const held = createHeldRecords(100_000);
		held.keep("heads", heads, NOW, { ...copyOf(1), readMs: NOW - 4_000 });
		expect(held.get("heads")).toMatchObject({ readMs: NOW - 4_000, freshUntilMs: NOW + 5_000 });
		expect(held.lastGood("heads", heads, NOW + 55_999)).not.toBeNull();
		expect(held.lastGood("heads", heads, NOW + 56_000)).toBeNull();
	});

	it("rises with each reading that finds the same, and is no failure to read", () => {
		const held = createHeldRecords(100_000);
		held.keep("heads", heads, NOW, copyOf(1));
		held.keep("heads", heads, NOW + 6_000, { ...copyOf(1), readMs: NOW + 2_000 });
		expect(held.get("heads")).toMatchObject({
			readMs: NOW + 2_000,
			askAgainMs: NOW + 2_000,
			freshUntilMs: NOW + 11_000,
		});
		held.keep("heads", heads, NOW + 7_000, { ...copyOf(1), readMs: NOW + 1_000 });
		expect(held.get("heads")?.readMs).toBe(NOW + 2_000);
	});
});
