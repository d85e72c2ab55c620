// What every record store must do (src/storage/record-store.ts), run on each adapter and on the fake.
import { beforeEach, describe, expect, it } from "vitest";
import { type RecordStore, RecordStoreError } from "../../src/storage/record-store.ts";

export interface RecordStoreUnderTest {
	readonly store: RecordStore;
	/** left out: it refuses an older version than it holds */
	readonly takesAnyVersion?: true;
	/** puts a text under the key behind the adapter's back */
	corrupt(key: string, text: string): Promise<void>;
}

export function recordStoreContract(name: string, create: () => Promise<RecordStoreUnderTest>): void {
	describe(`record store contract: ${name}`, () => {
		const key = "device:dev-a";
		let store: RecordStore;
		let corrupt: RecordStoreUnderTest["corrupt"];
		let takesAnyVersion: true | undefined;

		beforeEach(async () => {
			({ store, corrupt, takesAnyVersion } = await create());
		});

		it("answers null for a key that nobody wrote", async () => {
			expect(await store.get(key)).toBeNull();
		});

		it("gives back what was written, whatever characters it holds", async () => {
			const body = { text: 'ü "quoted"\n\u2028 \u0000', list: [1, null, true], nested: { zero: 0 } };
			expect(await store.put(key, { version: 1, body })).toBe("stored");
			expect(await store.get(key)).toEqual({ version: 1, body, bytes: expect.any(Number) });
		});

		it("keeps keys apart", async () => {
			await store.put("device:dev-a", { version: 2, body: "a" });
			await store.put("device:dev-ab", { version: 3, body: "ab" });
			expect(await store.get("device:dev-a")).toMatchObject({ version: 2, body: "a" });
			expect(await store.get("device:dev-ab")).toMatchObject({ version: 3, body: "ab" });
		});

		it("replaces an older version", async () => {
			await store.put(key, { version: 1, body: "old" });
			expect(await store.put(key, { version: 2, body: "new" })).toBe("stored");
			expect(await store.get(key)).toMatchObject({ version: 2, body: "new" });
		});

		it("keeps the newer version and says so when an older one arrives late", async ({ skip }) => {
			if (takesAnyVersion) skip("what keeps the order is the writer");
			await store.put(key, { version: 3, body: "newer" });
			expect(await store.put(key, { version: 2, body: "older" })).toBe("superseded");
			expect(await store.get(key)).toMatchObject({ version: 3, body: "newer" });
		});

		it("takes the same version again", async () => {
			await store.put(key, { version: 4, body: "same" });
			expect(await store.put(key, { version: 4, body: "same" })).toBe("stored");
			expect(await store.get(key)).toMatchObject({ version: 4, body: "same" });
		});

		it.each([
			["not JSON", "{"],
			["no record", '"text"'],
			["null", "null"],
			["without a body", `{"key":"${key}","version":1}`],
			["without a key", '{"version":1,"body":{}}'],
			["with a version that is no whole number", `{"key":"${key}","version":1.5,"body":{}}`],
			["with a version that is a text", `{"key":"${key}","version":"1","body":{}}`],
			["with a negative version", `{"key":"${key}","version":-1,"body":{}}`],
		])("refuses a value that is %s", async (_, text) => {
			await corrupt(key, text);
			const alone = await store.get(key).catch((reason: unknown) => reason);
			for (const error of [alone, ...(await store.getMany([key]))]) {
				expect(error).toBeInstanceOf(RecordStoreError);
				expect(error).toMatchObject({ code: "malformed", key });
			}
		});

		it("refuses another key's record", async () => {
			await corrupt(key, '{"key":"device:dev-b","version":1,"body":{"status":"active"}}');
			await expect(store.get(key)).rejects.toMatchObject({ code: "foreign", key });
			expect(await store.getMany([key])).toMatchObject([{ code: "foreign", key }]);
		});

		it("reads many at once: each in its place, one that is spoilt or missing in nobody else's way", async () => {
			await store.put("device:dev-a", { version: 2, body: "a" });
			await store.put("device:dev-c", { version: 3, body: "c" });
			await corrupt("device:dev-s", "spoilt");
			const asked = ["device:dev-c", "device:dev-s", "device:dev-b", "device:dev-a", "device:dev-c"];
			const [c, spoilt, missing, a, again] = await store.getMany(asked);
			expect([c, missing, a, again]).toMatchObject([
				{ version: 3, body: "c" },
				null,
				{ version: 2, body: "a" },
				{ version: 3, body: "c" },
			]);
			expect(spoilt).toMatchObject({ code: "malformed", key: "device:dev-s" });
		});

		it("reads more keys than any store gives at once, in order", async () => {
			const keys = Array.from({ length: 230 }, (_, index) => `device:dev-${index}`);
			// A few at a time, or on a busy machine the last ones take longer than a store is waited for.
			for (let from = 0; from < keys.length; from += 10) {
				const some = keys.slice(from, from + 10);
				await Promise.all(some.map((each, index) => store.put(each, { version: from + index + 1, body: each })));
			}
			expect(await store.getMany(keys)).toMatchObject(keys.map((each, index) => ({ version: index + 1, body: each })));
			expect(await store.getMany([])).toEqual([]);
		});

		it("deletes a record, and nothing else", async () => {
			await store.put("product:crs@1", { version: 1, body: "old" });
			await store.put("product:crs@10", { version: 10, body: "new" });
			await store.delete("product:crs@1");
			expect(await store.get("product:crs@1")).toBeNull();
			expect(await store.get("product:crs@10")).toMatchObject({ version: 10, body: "new" });
		});

		it("deletes what is not there, what is spoilt, and again", async () => {
			await corrupt("product:crs@2", "spoilt");
			for (const each of ["product:crs@2", "product:crs@2", "product:crs@3"]) {
				expect(await store.delete(each)).toBeUndefined();
			}
			expect(await store.getMany(["product:crs@2", "product:crs@3"])).toEqual([null, null]);
		});

		it("repairs a spoilt value with the next write", async () => {
			await corrupt(key, "spoilt");
			expect(await store.put(key, { version: 2, body: "good" })).toBe("stored");
			expect(await store.get(key)).toMatchObject({ version: 2, body: "good" });
		});
	});
}
